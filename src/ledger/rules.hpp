// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The rules of the ledger as pure functions: which batches may be committed, and what a change of
// the directory results in. Every store calls them before it writes; audit.hpp applies them again
// to the stored rows.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "ledger/directory_store.hpp"
#include "record/batch.hpp"

namespace octroi {

// Limits in octets. Names are kept for years in tables, keys and exported files, so they are
// bounded and contain no control characters.
inline constexpr std::size_t name_octets_max = 255;
inline constexpr std::size_t source_octets_max = 4096;  // PATH_MAX: the path of a file fits
inline constexpr std::size_t note_octets_max = 8192;
// A meter with a larger state writes it to a snapshot file, which the cursor then names.
inline constexpr std::size_t position_octets_max = 1U << 20U;
inline constexpr std::size_t account_depth_max = 64;
// SQLite and PostgreSQL have signed 64-bit integers, so no single figure exceeds this.
inline constexpr std::uint64_t figure_max = INT64_MAX;

// One code for each rule, in the order in which the rules are checked. Not stored.
enum class Violation {
    meter_name,
    meter_role,
    meter_layer,
    booked_at,
    class_version,
    directory_version,
    party_kind,
    party_name,
    party_identity,
    party_twice,
    service_name,
    service_twice,
    index_range,
    bucket_alignment,
    figure_range,
    transfer_order,
    transfer_twice,
    sampled_index,
    sampled_order,
    sampled_counted,
    sampled_variance,
    cursor_source,
    cursor_twice,
    cursor_size,
    cursor_version,
    loss_source,
    loss_reason,
    loss_interval,
    loss_figure,
    translation_address,
    translation_ports,
    translation_interval,
    translation_twice,
    identity_held,
    identity_holder,
    identity_interval,
    identity_order,
    identities_known,
    sum_overflow,
    conservation,
    correction_reason,
    correction_interval,
    correction_lists,
    correction_row,
    correction_balance,
};

struct BatchRefusal {
    Violation violation;
    std::string text;  // for people: the rule, the item and its value
};

// The first rule that the batch violates; nullopt: the batch may be committed. Linear in the size
// of the batch, except that names and translations that are not sorted are sorted or hashed.
[[nodiscard]] std::optional<BatchRefusal> find_violation(const Batch& batch);
// The same as a Status of code invalid.
[[nodiscard]] Status check_batch(const Batch& batch);
// The sum of volumes from input or from a database. over_limit: a figure exceeds 64 bits.
[[nodiscard]] Result<Volume> checked_sum(const Volume& a, const Volume& b);
// The sum of the transfers. over_limit: it exceeds 64 bits.
[[nodiscard]] Result<Volume> sum_of(const std::vector<Transfer>& transfers);

// 1 to octets_max octets, none of them a control character (0x00 to 0x1F, 0x7F).
[[nodiscard]] bool is_name(std::string_view text, std::size_t octets_max = name_octets_max);
// A name of ASCII letters, digits, '.', '-', '_' and '@'. It does not begin with '@', which marks
// parties of Octroi, or with '-', which marks options of commands.
[[nodiscard]] bool is_account_name(std::string_view text);

// Error: invalid, unless the routes are sorted, each prefix occurs once and is canonical, ranges of
// AS numbers are disjoint, names are valid and every class index exists.
[[nodiscard]] Status check_class_table(const ClassTable& table);

// Facts that changed_directory() needs and that are not in the directory.
struct ChangeContext {
    std::uint64_t next_binding_id = 1;  // greater than every id that was ever assigned
    // Whether a transfer names the account. Empty function: none does.
    std::function<bool(std::string_view account)> has_traffic;
};

// The directory after the change, with sorted lists (see DirectoryStore::directory()). Its version
// is the old one if nothing changed, otherwise the old one plus 1. Bindings with an empty interval
// are left out; a binding that an existing one covers is not added. Errors:
//   invalid     a name, title, identity, interval or network is not valid or is listed twice; an
//               account would be its own ancestor
//   not_found   a parent, account, binding or network does not exist
//   conflict    a removed account has children, bindings or traffic
//   over_limit  an account is more than account_depth_max levels deep
[[nodiscard]] Result<Directory> changed_directory(Directory directory,
                                                  const DirectoryStore::Change& change,
                                                  const ChangeContext& context);

}  // namespace octroi
