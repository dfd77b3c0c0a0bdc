#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "model/change.h"
#include "rules/context.h"

namespace duet::rules {

/// The parent that the org did not find, when that is what a refusal of the attempt says ("Foreign key external ID: …
/// not found for field … in entity …", spec/salesforce-api.md §2.3).
std::optional<WaitsFor> missing_parent(const Mapping& mapping, const Attempt& attempt, const Error& error);

/// The attempt goes back into the lane, which is parked, with an issue, until the parent is there.
void wait_for_parent(const Turn& turn, const std::string& token, const WaitsFor& parent, const Error& error);

/// The parent is there, or the time has come to ask the org again: the lane may go on.
void release_from_parent(const Turn& turn);

/// Change events name a parent by its Id alone. Where the mapping has a column for the parent's external id, the event
/// that is returned says that it is null, or that it must be read. Nothing when no such column is touched.
std::optional<ChangeEvent> with_parent_keys(const Mapping& mapping, const ChangeEvent& event);

/// A call names a parent once: where the attempt has its Id as well, its external id is left out, and a cleared Id
/// where it has the external id.
void name_parents_once(const Mapping& mapping, Attempt& attempt);

/// The field by which the attempt set this reference; null when it did not.
const SentField* sent_parent(const Mapping& mapping, const Attempt& attempt, std::string_view reference);

}  // namespace duet::rules
