#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/mapping.h"
#include "ports/org.h"
#include "salesforce/rest_client.h"

namespace duet::salesforce {

/// One sObject Collections request of at most ports::kCollectionSize records (spec/salesforce-api.md §2.4).
struct CollectionCall {
  std::string method;
  std::string path;  ///< with the query
  std::string body;
  std::vector<std::size_t> sent;  ///< indexes in the batch, in the order of the request
};

/// Whether the record can be addressed by the mapping's upsert field.
bool has_key(const Mapping& mapping, const ports::SendRecord& record);

/// The requests that a batch needs. Records that cannot be written get their outcome here and are in none of them.
/// `data_path` ends with "/".
std::vector<CollectionCall> collection_calls(const Mapping& mapping, const ports::SendBatch& batch,
                                             const std::string& data_path, std::vector<ports::SendOutcome>& outcomes);

/// The body of one composite request of at most kCompositeCollections calls, each its own transaction (§2.5).
std::string composite_body(std::span<const CollectionCall> calls);
inline constexpr std::size_t kCompositeCollections = 5;

/// One outcome per record of a collection's answer.
std::vector<ports::SendOutcome> read_part_answer(const RestCall& call, const HttpResponse& response,
                                                 std::size_t records);

/// The same for each call of a composite request that was answered with 200.
std::vector<std::vector<ports::SendOutcome>> read_composite_answer(const RestCall& call, std::string_view body,
                                                                   std::span<const CollectionCall> calls);

}  // namespace duet::salesforce
