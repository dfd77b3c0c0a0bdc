#pragma once

#include <string>
#include <vector>

#include "model/change.h"
#include "rules/context.h"

namespace duet::rules::testing {

/// A mapping Thing__c ↔ thing__c with text fields A__c and B__c, the number N__c and the external id Ext__c, for unit
/// tests of the rules.
Mapping thing_mapping(ConflictPolicy policy);

/// A record with its turn, and short words for what happens to it. Clocks agree and stand at `now`.
struct Table {
  explicit Table(ConflictPolicy policy = ConflictPolicy::salesforce);
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  Mapping mapping;
  Context context;
  Record record;
  RecordChange change;
  TimeMs now = 1'000'000'000;

  Turn turn();
  /// The row as loaded: sfid, A and B, version in whole seconds.
  void load(const std::string& a, const std::string& b, TimeMs stamp);
  /// The app updates one field: the row moves and a log row is captured.
  void app(const std::string& field, const Value& value);
  void app(const std::string& field, const char* value) { app(field, Value(std::string(value))); }
  void app_removes();
  /// Claims under the token; true when there was something to send.
  bool claim(const std::string& token);
  /// The app updates one field, and the org accepts the change.
  void send(const std::string& field, const Value& value, const std::string& token);
  void send(const std::string& field, const char* value, const std::string& token) {
    send(field, Value(std::string(value)), token);
  }
  ChangeEvent event(const FieldValues& fields, TimeMs stamp, const std::string& token = {});
  void receive(const ChangeEvent& event, bool follows = true);
  std::string row(const std::string& field) const;
  std::vector<std::string> lost() const;
  /// Values of the newest open issue, `base/salesforce/postgres` per field; empty when there is none.
  std::string held() const;

 private:
  std::int64_t next_log_ = 1;
};

/// The stamp of the version that tests load.
inline constexpr TimeMs kVersion = 900'000'000;

/// A read of the record that load() made.
RecordRead read_of(const std::string& a, const std::string& b, TimeMs stamp);
std::string text(const Value& value);

inline constexpr const char* kSfid = "a00000000000001AAA";
inline constexpr const char* kUs = "005000000000001AAA";
inline constexpr const char* kPerson = "005000000000002AAA";

}  // namespace duet::rules::testing
