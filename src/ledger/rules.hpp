// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The rules of the ledger as pure functions: what a batch must be to be committed, and what a
// change of the directory does. Every store asks here, and audit.hpp asks again about what is
// stored.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "ledger/registry.hpp"
#include "record/batch.hpp"

namespace octroi {

// Octets. Names stand in tables, keys and files for ever: bounded, and free of control characters.
inline constexpr std::size_t name_octets_max = 255;
inline constexpr std::size_t source_octets_max = 4096;  // holds the longest path of a file
inline constexpr std::size_t note_octets_max = 8192;
inline constexpr std::size_t position_octets_max = 1U << 20U;  // beyond it: a snapshot file, named
inline constexpr std::size_t account_depth_max = 64;
// Databases have signed 64-bit integers: no single figure is beyond this.
inline constexpr std::uint64_t figure_max = INT64_MAX;

// One for each way in which a batch can be wrong, in the order in which they are looked for.
enum class Violation {
    meter_name,
    meter_role,
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
    sum_overflow,
    conservation,
};

struct BatchRefusal {
    Violation breach;
    std::string text;  // what is wrong and where
};

// The first rule that the batch breaks; none: it may be committed.
[[nodiscard]] std::optional<BatchRefusal> find_breach(const Batch& batch);
// The same as a Status of code invalid.
[[nodiscard]] Status check_batch(const Batch& batch);
// over_limit when a figure does not fit into 64 bits: for sums of figures that nobody has checked.
[[nodiscard]] Result<Volume> checked_sum(const Volume& a, const Volume& b);
// The sum of the transfers; over_limit when it does not fit into 64 bits.
[[nodiscard]] Result<Volume> sum_of(const std::vector<Transfer>& transfers);

// 1 to name_octets_max octets, none of them a control character.
[[nodiscard]] bool is_name(std::string_view text, std::size_t octets_max = name_octets_max);
// Letters, digits, '.', '-', '_', '@'; not starting with '@' (our own parties) or '-' (options).
[[nodiscard]] bool is_account_name(std::string_view text);

// Routes sorted, each prefix once and canonical, every index and name good.
[[nodiscard]] Status check_class_table(const ClassTable& table);

// What a change of the directory needs to know beyond the directory itself.
struct ChangeContext {
    std::uint64_t next_binding_id = 1;  // greater than any id ever given
    std::function<bool(std::string_view account)> has_traffic;
};

// The directory after the change: the same version when nothing changes, else the next one. The
// lists are sorted (accounts by name, bindings by id, networks by prefix). Errors: invalid,
// not_found, conflict (an account that is in use is to be removed). Bindings whose interval is
// empty are gone.
[[nodiscard]] Result<Directory> changed_directory(Directory directory,
                                                  const Registry::Change& change,
                                                  const ChangeContext& context);

}  // namespace octroi
