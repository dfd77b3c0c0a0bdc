#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "orgsim/core/error.h"
#include "orgsim/server/bulk_rows.h"

namespace orgsim {

/// The namespace of Bulk API 1.0's XML.
inline constexpr std::string_view kBulkNamespace = "http://www.force.com/2009/06/asyncapi/dataload";

/// The records of an XML batch: <sObjects><sObject>…</sObject>…</sObjects>, parents by external id nested.
[[nodiscard]] Outcome<std::unique_ptr<BulkRows>> open_xml_rows(std::string_view data);

/// The elements of a <jobInfo> as an object of texts; InvalidXML for what is no XML. Text before it is read over.
[[nodiscard]] Outcome<nlohmann::json> read_job_xml(std::string_view text);

/// <name>…</name> with one element per member of an object, null ones left out, arrays as repeated elements named by
/// `item`.
[[nodiscard]] std::string bulk_xml(std::string_view name, const nlohmann::ordered_json& value,
                                   std::string_view item = {});

}  // namespace orgsim
