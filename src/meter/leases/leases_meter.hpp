// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A meter that counts no traffic: it follows lease files of DHCP servers and states which MAC
// address held each address. Without state: after a restart it reads the files again and states the
// same events, which change nothing.

#include <array>
#include <span>
#include <string>
#include <vector>

#include "host/clock.hpp"
#include "meter/leases/lease_file.hpp"
#include "meter/meter.hpp"

namespace octroi::dhcp {

inline constexpr std::string_view leases_source = "leases:files";

// LeasesMeter::counters() has these in this order.
inline constexpr std::array<CounterInfo, 8> lease_counters = {{
    {"leases_files_unreadable", "Lease files that cannot be read now."},
    {"leases_known", "Addresses and prefixes of which a lease was read."},
    {"leases_records_total", "Records that were read; of dnsmasq again at each change."},
    {"leases_bad_total", "Records that cannot be read. They are left out."},
    {"leases_events_total", "Changes of the holder of an address that were stated."},
    {"leases_without_mac_total", "Leases of clients with a MAC address that the file lacks."},
    {"leases_outside_total", "Leases of addresses outside of `networks`."},
    {"leases_refused_total", "Leases beyond `lease_limit`."},
}};

struct LeasesMeterOptions {
    std::string meter;  // its name, for the log
    std::vector<std::string> files;
    leases::LeaseFormat format = leases::LeaseFormat::unknown;  // unknown: by content
    Duration poll = Duration::seconds(5);
    LeasePolicy policy;
};

class LeasesMeter final : public Meter {
public:
    // known: cursors of leases_source. The clock must outlive the meter. Opens nothing: a file that
    // is missing is looked for at each poll.
    LeasesMeter(const LeasesMeterOptions& options, std::span<const Cursor> known,
                const Clock& clock);

    [[nodiscard]] Result<Pull> pull(ReadingSink& sink, Duration wait) override;
    // No volume: `observed` is 0.
    [[nodiscard]] Result<Checkpoint> checkpoint(ReadingSink& sink) override;
    [[nodiscard]] const NameTable& names() const override { return names_; }
    [[nodiscard]] std::vector<CounterValue> counters() const override;

private:
    void report(const LeaseFile& file, std::string& reported) const;

    std::string meter_;
    Duration poll_;
    const Clock& clock_;
    std::vector<LeaseFile> files_;
    std::vector<std::string> reported_;  // the problem of each file that is in the log
    std::size_t at_ = 0;                 // the file that is read now
    NameTable names_;
    Cursor cursor_;
    std::optional<Duration> polled_;  // uptime, when the last poll began
};

}  // namespace octroi::dhcp
