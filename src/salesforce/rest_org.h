#pragma once

#include <memory>
#include <set>
#include <string>

#include "codec/json_record.h"
#include "ports/org.h"
#include "salesforce/pubsub_client.h"
#include "salesforce/record_sender.h"
#include "salesforce/rest_client.h"
#include "salesforce/session.h"

namespace duet::salesforce {

/// The org behind its REST, Bulk 2.0 and Pub/Sub APIs. One instance per worker with connections of its own; session and
/// Pub/Sub client are shared by all of the connection.
class RestOrg final : public ports::Org {
 public:
  RestOrg(std::shared_ptr<Session> session, std::shared_ptr<PubSubClient> pubsub);

  Result<ports::OrgIdentity> identity() override;
  Result<std::vector<ports::ObjectSummary>> list_objects() override;
  Result<ObjectSchema> describe(const std::string& object) override;
  Result<bool> has_change_events(const std::string& object) override;
  ports::ClockOffset clock_offset() override;
  std::optional<ports::ApiUsage> api_usage() override;

  std::vector<ports::SendOutcome> send(const Mapping& mapping, const ports::SendBatch& batch) override;

  Result<std::vector<RecordRead>> read(const Mapping& mapping, std::span<const std::string> sfids) override;
  Result<std::vector<RecordRead>> read_by_key(const Mapping& mapping, std::span<const std::string> keys) override;
  Result<std::vector<RecordRead>> read_by_match(const Mapping& mapping, std::span<const FieldValues> wanted) override;
  Result<ports::ReadPage> changed(const Mapping& mapping, TimeMs from, TimeMs to, const std::string& after_id) override;
  Result<ports::DeletedPage> deleted(const Mapping& mapping, TimeMs from, TimeMs to) override;
  Result<long> count(const Mapping& mapping) override;
  Result<std::unique_ptr<ports::BulkReader>> bulk_query(const Mapping& mapping) override;

 private:
  enum class Scope { live, with_deleted, by_id };

  /// Names to select: all mapped fields, and what RecordRead needs besides.
  std::vector<std::string> selection(const Mapping& mapping, Scope scope) const;
  /// Gives records that were read by Id the external id of the parent that they name.
  Result<void> fill_parent_keys(const MappedField& field, std::vector<RecordRead>& records);
  /// Tells of deleted records which one they were merged into.
  Result<void> fill_masters(const Mapping& mapping, std::vector<RecordRead>& records);
  /// Whether the error only says that the object has no LastModifiedById; remembers it.
  bool learn_no_actor(const Mapping& mapping, const Error& error);
  /// All pages of one query (at most 2,000 records by its LIMIT or keys).
  Result<std::vector<RecordRead>> query(const Mapping& mapping, const std::string& soql, Scope scope);
  /// A query of whole records; where its field list is too long for an address, of their ids first and then of the
  /// records.
  Result<std::vector<RecordRead>> query_records(const Mapping& mapping, const std::string& tail, Scope scope);

  RestClient client_;
  std::shared_ptr<PubSubClient> pubsub_;
  RecordSender sender_;
  codec::JsonRecordReader reader_;
  std::set<std::string> without_actor_;  ///< objects that have no LastModifiedById
};

}  // namespace duet::salesforce
