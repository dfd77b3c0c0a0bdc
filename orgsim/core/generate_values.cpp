#include "orgsim/core/generate_values.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <span>
#include <string_view>

#include "orgsim/core/field_value.h"
#include "orgsim/core/time_text.h"

namespace orgsim {

namespace {

using Words = std::span<const std::string_view>;

constexpr std::array<std::string_view, 24> kFirstNames = {
    "Ada",   "Bruno", "Chloé", "Dmitri", "Elif", "Frank", "Grace", "Hiro",  "Inês", "Jonas", "Karin", "Liam",
    "Maria", "Nils",  "Olga",  "Pablo",  "Qi",   "Rosa",  "Søren", "Tomás", "Uma",  "Vera",  "Walid", "Zoë"};
constexpr std::array<std::string_view, 24> kLastNames = {
    "Adams", "Becker", "Castillo", "Dubois", "Eriksen", "Fischer", "García",  "Hansen",
    "Ito",   "Jensen", "Kowalski", "López",  "Müller",  "Nguyen",  "O'Brien", "Petrov",
    "Quinn", "Rossi",  "Schmidt",  "Tanaka", "Usman",   "Vogel",   "Weber",   "Zhang"};
constexpr std::array<std::string_view, 16> kCompanyWords = {
    "Acme", "Baltic",  "Cedar",    "Delta", "Evergreen", "Fjord",  "Global", "Harbor",
    "Iron", "Jupiter", "Keystone", "Lumen", "Maple",     "Nordic", "Orchid", "Pioneer"};
constexpr std::array<std::string_view, 8> kCompanyKinds = {"Industries", "Labs",     "Logistics", "Foods",
                                                           "Energy",     "Partners", "Systems",   "Works"};
constexpr std::array<std::string_view, 12> kCities = {"Berlin", "Chicago", "Dublin", "Geneva", "Kyoto", "Lagos",
                                                      "Lima",   "Madrid",  "Oslo",   "Porto",  "Quito", "Zürich"};
constexpr std::array<std::string_view, 8> kCountries = {"Germany", "USA",  "Ireland", "Japan",
                                                        "Nigeria", "Peru", "Spain",   "Norway"};
constexpr std::array<std::string_view, 8> kStates = {"BE", "IL", "CA", "NY", "TX", "WA", "BY", "ZH"};
constexpr std::array<std::string_view, 8> kStreets = {"Main Street", "Oak Avenue", "Station Road",  "High Street",
                                                      "Park Lane",   "Mill Road",  "Church Street", "Lindenallee"};
constexpr std::array<std::string_view, 24> kText = {"order",   "quality", "support",  "review",   "contract", "renewal",
                                                    "meeting", "price",   "launch",   "invoice",  "partner",  "market",
                                                    "service", "report",  "training", "delivery", "sample",   "budget",
                                                    "network", "update",  "customer", "project",  "summer",   "winter"};

std::string pick(Words words, Random& random) { return std::string(words[random.below(words.size())]); }

std::string fit(std::string text, std::int32_t length) {
  if (length <= 0 || utf16_length(text) <= static_cast<std::size_t>(length)) return text;
  std::size_t cut = static_cast<std::size_t>(length);
  // Cut by bytes (never fewer than characters) and not inside one.
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
  text.resize(cut);
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text.empty() ? "x" : text;
}

std::string words(Random& random, std::uint64_t count) {
  std::string text = pick(kText, random);
  for (std::uint64_t i = 1; i < count; ++i) text += " " + pick(kText, random);
  return text;
}

std::string phone(Random& random) {
  return fmt::format("+1 555 {:03} {:04}", random.below(1000), random.below(10'000));
}

std::string email(Random& random) {
  return fmt::format("{}.{}@example.com", kText[random.below(kText.size())], random.below(10'000'000));
}

/// By what the field is called; plain words when the name says nothing.
std::string named_text(const FieldDef& field, Random& random) {
  const std::string& name = field.name;
  if (name == "FirstName") return pick(kFirstNames, random);
  if (name == "LastName") return pick(kLastNames, random);
  if (name == "Company" || (name == "Name" && !field.custom)) {
    return fmt::format("{} {} {}", pick(kCompanyWords, random), pick(kCompanyKinds, random), random.below(100'000));
  }
  if (name.ends_with("City")) return pick(kCities, random);
  if (name.ends_with("Country")) return pick(kCountries, random);
  if (name.ends_with("State")) return pick(kStates, random);
  if (name.ends_with("PostalCode")) return fmt::format("{:05}", random.below(100'000));
  if (name.ends_with("Street")) return fmt::format("{} {}", 1 + random.below(300), pick(kStreets, random));
  return words(random, 1 + random.below(3));
}

std::string picked(const FieldDef& field, Random& random) {
  if (field.picklist.empty()) return fit(words(random, 1), field.length);
  return field.picklist[random.below(field.picklist.size())].value;
}

std::string several_picked(const FieldDef& field, Random& random) {
  std::string joined;
  for (const PicklistEntry& entry : field.picklist) {
    if (!random.chance(0.4)) continue;
    joined += (joined.empty() ? "" : ";") + entry.value;
  }
  return joined.empty() ? picked(field, random) : joined;
}

double number(const FieldDef& field, Random& random) {
  const int whole_digits = field.precision > 0 ? std::min(field.precision - field.scale, 7) : 7;
  if (field.name.ends_with("Latitude") || field.name.ends_with("Longitude") || field.name.ends_with("Latitude__s") ||
      field.name.ends_with("Longitude__s")) {
    return static_cast<double>(static_cast<std::int64_t>(random.below(179'999)) - 90'000) / 1000.0;
  }
  const auto whole =
      static_cast<double>(random.below(static_cast<std::uint64_t>(std::pow(10.0, std::max(whole_digits, 0)))));
  const int decimals = std::min(field.scale, 4);
  const double unit = std::pow(10.0, decimals);
  return round_to_scale(whole + static_cast<double>(random.below(static_cast<std::uint64_t>(unit))) / unit,
                        field.scale);
}

}  // namespace

Value plausible_value(const FieldDef& field, Random& random, std::int64_t today) {
  switch (field.type) {
    case FieldType::boolean:
      return random.chance(0.3);
    case FieldType::int_:
    case FieldType::long_: {
      const int digits = field.digits > 0 ? std::min(field.digits, 6) : 6;
      return static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(std::pow(10.0, digits))));
    }
    case FieldType::double_:
    case FieldType::currency:
    case FieldType::percent:
      return number(field, random);
    case FieldType::date:
      return today - 2000 + static_cast<std::int64_t>(random.below(2400));
    case FieldType::datetime:
      return (today - 1000) * kMsPerDay + static_cast<std::int64_t>(random.below(1000 * 86'400)) * 1000;
    case FieldType::time:
      return static_cast<std::int64_t>(random.below(86'400)) * 1000;
    case FieldType::email:
      return fit(email(random), field.length);
    case FieldType::phone:
      return fit(phone(random), field.length);
    case FieldType::url:
      return fit(
          fmt::format("https://www.example.com/{}/{}", kText[random.below(kText.size())], random.below(1'000'000)),
          field.length);
    case FieldType::picklist:
    case FieldType::combobox:
      return picked(field, random);
    case FieldType::multipicklist:
      return several_picked(field, random);
    case FieldType::textarea:
      return fit(field.name.ends_with("Street") ? named_text(field, random) : words(random, 4 + random.below(8)),
                 field.length);
    default:
      return fit(named_text(field, random), field.length);
  }
}

std::string unique_text(const FieldDef& field, std::uint64_t number) {
  constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::string digits;
  for (std::uint64_t rest = number; rest > 0 || digits.empty(); rest /= 36)
    digits.insert(digits.begin(), kDigits[rest % 36]);
  if (field.type == FieldType::email) return "g" + digits + "@example.com";
  const auto room = static_cast<std::size_t>(field.length);
  if (room >= digits.size() + 4) return "gen-" + digits;
  return digits;
}

}  // namespace orgsim
