#include <algorithm>
#include <set>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "stage.h"

namespace duet::scenarios {
namespace {

constexpr std::size_t kMintedLength = 36;

/// `A` of `A__c`.
std::string short_name(const std::string& field) { return field.substr(0, field.find("__c")); }

std::string words_of(const Value& value) {
  if (is_absent(value)) return "unknown";
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
  const auto* text = std::get_if<std::string>(&value);
  if (!text) return "null";
  if (text->size() == kMintedLength && text->find('-') != std::string::npos) return "minted";
  std::string line = *text;
  std::ranges::replace(line, '\n', '/');
  return line;
}

std::string words_of(const FieldValues& values) {
  std::string out;
  for (const auto& [name, value] : values) {
    if (std::holds_alternative<std::string>(value) || std::holds_alternative<double>(value))
      out += fmt::format(" {}={}", short_name(name), words_of(value));
  }
  return out;
}

const char* name_of(LogState state) {
  constexpr const char* kNames[] = {"NEW", "PENDING", "SUCCESS", "MERGED", "IGNORED", "FAILED"};
  return kNames[static_cast<std::size_t>(state)];
}

const char* name_of(LogAction action) {
  constexpr const char* kNames[] = {"insert", "update", "delete"};
  return kNames[static_cast<std::size_t>(action)];
}

std::string words_of(const JournalEntry& entry, const std::string& us) {
  auto who = [&](const char* word, const std::string& user) -> std::string {
    if (user.starts_with("duet:")) return fmt::format(" {} {}", word, user.substr(5));
    return user.empty() ? "" : fmt::format(" {} {}", word, user == us ? "Duet" : "a person");
  };
  std::string what = entry.field.empty() ? " the delete" : " " + short_name(entry.field);
  if (entry.whole_row) what = " the whole row";
  std::string values;
  if (!entry.field.empty())
    values = fmt::format(" base={} lost={} kept={}", words_of(entry.base), words_of(entry.lost), words_of(entry.kept));
  return fmt::format("journal {}{}{} loser={} rule={}{}{}\n", duet::name_of(entry.reason), what, values,
                     duet::name_of(entry.lost_side), entry.rule, who("kept-by", entry.actor),
                     who("lost-by", entry.lost_actor));
}

std::string words_of(const Issue& issue) {
  std::string out = fmt::format("issue {} {}", issue.kind, issue.state);
  if (!issue.code.empty()) out += " " + issue.code;
  if (!issue.rule.empty()) out += " rule=" + issue.rule;
  for (const IssueField& field : issue.fields) {
    out += fmt::format(" {} base={} salesforce={} postgres={}", short_name(field.name), words_of(field.base),
                       words_of(field.salesforce), words_of(field.postgres));
    if (!field.chosen.empty()) out += " chosen=" + field.chosen;
  }
  return out + "\n";
}

}  // namespace

std::string Stage::sfid(const std::string& label) const {
  const auto records = org_.records();
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (label == fmt::format("S{}", i + 1)) return records[i].sfid;
  }
  throw std::runtime_error("the org has no record " + label);
}

std::string Stage::with_labels(std::string text) const {
  const auto records = org_.records();
  for (std::size_t i = 0; i < records.size(); ++i) {
    for (std::size_t at = 0; (at = text.find(records[i].sfid, at)) != std::string::npos;)
      text.replace(at, records[i].sfid.size(), fmt::format("S{}", i + 1));
  }
  for (std::size_t at = 0; (at = text.find("__c=", at)) != std::string::npos;) text.erase(at, 3);
  return text;
}

std::string Stage::outcome() const {
  for (const auto* steps : {&on_the_way_, &before_the_reply_}) {
    if (!steps->empty()) throw std::runtime_error("no call of Duet met this step: " + steps->front());
  }
  return shown_ + state();
}

std::string Stage::state() const {
  const simulation::Database& db = store_->database();
  std::string out;
  for (const auto& [id, row] : db.rows)
    out += fmt::format("row {} {}{} {}\n", id, row.sfid.empty() ? "-" : row.sfid, words_of(row.values), row.last_op);
  for (const simulation::OrgRecord& record : org_.records())
    out += fmt::format("org {}{}{}\n", record.sfid, words_of(record.fields), record.deleted ? " deleted" : "");
  // What a reader of the table saw one after the other, where it was more than one value.
  std::map<std::pair<std::int64_t, std::string>, std::vector<std::string>> seen;
  for (const simulation::RowVersion& version : db.history) {
    if (!version.field.ends_with("__c")) continue;
    std::vector<std::string>& values = seen[{version.row_id, version.field}];
    if (values.empty() || values.back() != words_of(version.value)) values.push_back(words_of(version.value));
  }
  for (const auto& [of, values] : seen) {
    if (values.size() > 1)
      out += fmt::format("seen {} {}: {}\n", of.first, short_name(of.second), fmt::join(values, ", "));
  }
  for (const std::string& call : calls_) out += fmt::format("call {}\n", call);
  for (const simulation::LogRow& log : db.log) {
    std::vector<std::string> fields;
    std::ranges::transform(log.captured.changed, std::back_inserter(fields), short_name);
    out += fmt::format("log {} {}{}{} {}\n", name_of(log.captured.action), log.captured.row_id,
                       fields.empty() ? "" : " ", fmt::join(fields, ","), name_of(log.state));
  }
  for (const JournalEntry& entry : db.journal) out += words_of(entry, connection_.identity.user_id);
  for (const Issue& issue : db.issues) out += words_of(issue);
  if (const std::string reason = simulation::unrest(db); !reason.empty()) out += reason + "\n";
  return with_labels(std::move(out));
}

}  // namespace duet::scenarios
