#pragma once

#include <span>
#include <vector>

#include "model/mapping.h"
#include "ports/org.h"
#include "salesforce/rest_client.h"

namespace duet::salesforce {

struct CollectionCall;

/// Sends records by single rows, by sObject Collections, and 25 rows or five collections at a time by composite
/// requests (spec/salesforce-api.md §2.3–§2.5). One outcome per record, in order.
class RecordSender {
 public:
  explicit RecordSender(RestClient& client) : client_(client) {}

  std::vector<ports::SendOutcome> send(const Mapping& mapping, const ports::SendBatch& batch);

 private:
  ports::SendOutcome send_row(const Mapping& mapping, const ports::SendBatch& batch, const ports::SendRecord& record);
  /// Single rows in one composite request, each with its own condition.
  void send_rows(const Mapping& mapping, const ports::SendBatch& batch, std::size_t first, std::size_t count,
                 std::vector<ports::SendOutcome>& outcomes);
  /// One call: a collection, or several of them as a composite request. Fills the outcomes of their records.
  void send_collections(const ports::SendBatch& batch, std::span<const CollectionCall> calls,
                        std::vector<ports::SendOutcome>& outcomes);
  /// A collection that was refused as a whole goes out again in halves, so that one record does not refuse the others.
  void bisect(const Mapping& mapping, const ports::SendBatch& batch, const CollectionCall& call,
              std::vector<ports::SendOutcome>& outcomes, int& calls_left);

  RestClient& client_;
};

}  // namespace duet::salesforce
