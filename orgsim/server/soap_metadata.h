#pragma once

#include <string>

#include "orgsim/server/org_host.h"
#include "orgsim/server/soap_message.h"

namespace orgsim {

/// One authenticated call of the Metadata API.
struct SoapMetadataCall {
  const SoapCall& call;
  OrgHost& host;
  std::string user_id;
};

/// createMetadata, updateMetadata, upsertMetadata, readMetadata, deleteMetadata and listMetadata of CustomField and
/// CustomObject; a fault for everything else. The caller must be an administrator.
HttpResponse serve_soap_metadata(const SoapMetadataCall& call);

}  // namespace orgsim
