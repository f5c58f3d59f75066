// SPDX-License-Identifier: GPL-3.0-or-later
// The part of `octroi doctor` about the source of the class table.

#include <fmt/format.h>

#include "service/class_refresh.hpp"
#include "service/class_refresh_state.hpp"
#include "service/doctor.hpp"

namespace octroi {
namespace {

// So many intervals without an attempt: the daemon does not run, or hangs.
constexpr std::int64_t late_intervals = 3;

}  // namespace

std::vector<Finding> examine_class_source(const Config& config, const std::string& ledger_path,
                                          UtcTime now) {
    if (!has_class_source(config)) return {};
    constexpr const char* about = "class table";
    const std::string name = class_source_name(config.class_table);
    const auto state = read_class_refresh_state(class_refresh_files(ledger_path).state);
    if (!state) return {{Verdict::note, about, state.error().text, "octroi run writes it again"}};
    if (!*state || (*state)->source_digest != class_source_digest(config.class_table) ||
        !(*state)->checked)
        return {{Verdict::note, about, fmt::format("{} was never read", name),
                 "octroi run reads it when it starts"}};
    const ClassRefreshState& known = **state;
    if (known.held)
        return {{Verdict::wrong, about,
                 fmt::format("a new table of {} is held back since {}: {}", name,
                             to_rfc3339(known.held->since), known.held->reason),
                 fmt::format("octroi class accept {} puts it in force; if it is wrong, correct the "
                             "source",
                             known.held->version.substr(0, accepted_digits))}};
    const std::string good = known.good ? to_rfc3339(*known.good) : std::string("never");
    if (!known.problem.empty())
        return {{Verdict::wrong, about,
                 fmt::format("{} (the last good attempt: {})", known.problem, good),
                 "correct the source; the table in force stays until then"}};
    const Duration late{config.class_table.refresh_every.ns * late_intervals};
    if (now - *known.checked > late)
        return {{Verdict::note, about,
                 fmt::format("{} was last read at {}", name, to_rfc3339(*known.checked)),
                 "let octroi run, which reads it again"}};
    return {{Verdict::good, about, fmt::format("{}: read at {}", name, good), ""}};
}

}  // namespace octroi
