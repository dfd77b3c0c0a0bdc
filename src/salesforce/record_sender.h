#pragma once

#include <span>
#include <vector>

#include "model/mapping.h"
#include "ports/org.h"
#include "salesforce/rest_client.h"

namespace duet::salesforce {

/// Sends records by single rows and by sObject Collections (spec/salesforce-api.md §2.3, §2.4). One outcome per record,
/// in order.
class RecordSender {
 public:
  explicit RecordSender(RestClient& client) : client_(client) {}

  std::vector<ports::SendOutcome> send(const Mapping& mapping, const ports::SendBatch& batch);

 private:
  using Indexes = std::vector<std::size_t>;

  ports::SendOutcome send_row(const Mapping& mapping, const ports::SendBatch& batch, const ports::SendRecord& record);
  /// One call of at most ports::kCollectionSize records, given by their indexes in the batch; fills their outcomes.
  void send_collection(const Mapping& mapping, const ports::SendBatch& batch, std::span<const std::size_t> indexes,
                       bool by_key, std::vector<ports::SendOutcome>& outcomes);

  RestClient& client_;
};

}  // namespace duet::salesforce
