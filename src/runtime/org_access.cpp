#include "runtime/org_access.h"

#include "salesforce/pubsub_client.h"
#include "salesforce/rest_bulk.h"
#include "salesforce/rest_org.h"
#include "salesforce/session.h"

namespace duet::runtime {

Result<OrgAccess> OrgAccess::make(const salesforce::ConnectionSettings& settings, std::stop_token stop) {
  auto session = std::make_shared<salesforce::Session>(settings, std::move(stop));
  auto pubsub = DUET_TRY(salesforce::make_pubsub_client(session));
  return OrgAccess(std::move(session), std::move(pubsub));
}

std::unique_ptr<ports::Org> OrgAccess::make_org() const {
  return std::make_unique<salesforce::RestOrg>(session_, pubsub_);
}

std::unique_ptr<ports::Bulk> OrgAccess::make_bulk() const { return std::make_unique<salesforce::RestBulk>(session_); }

Result<std::vector<salesforce::OrgLimit>> OrgAccess::limits() const {
  salesforce::RestClient client(session_);
  return salesforce::read_limits(client);
}

}  // namespace duet::runtime
