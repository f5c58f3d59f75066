// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// One lease file that a DHCP server writes, followed over its changes. One thread.
//
// dhcpd and Kea append records: those since the last look are read. A new file under the
// name (the server has written its leases again) is read as a whole; the events of leases that were
// known already are not repeated. dnsmasq writes the whole file at each change, in place: it is
// read as a whole, and used only if it did not change meanwhile.
//
// Kea moves records to files beside (lease file cleanup: `.2` or `.completed`, then `.1`): they are
// read before the file itself.

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "host/file.hpp"
#include "meter/leases/lease_events.hpp"
#include "record/reading_sink.hpp"
#include "wire/leases/lease.hpp"

namespace octroi::dhcp {

class LeaseFile {
public:
    // Octets that one step reads.
    static constexpr std::size_t step_octets = std::size_t{1} << 20U;
    // dnsmasq: a larger file is refused. A lease has some 80 octets there.
    static constexpr std::size_t complete_octets_max = std::size_t{64} << 20U;

    // format: unknown: recognised by the content of each file.
    LeaseFile(std::string path, leases::LeaseFormat format, const LeasePolicy& policy)
        : path_(std::move(path)), format_(format), events_(policy) {}

    // Reads a part of the new records, and hands their events over. True: call again, there is
    // more. False: everything was read, or the file cannot be read (problem()). now: the wall
    // clock.
    [[nodiscard]] bool step(UtcTime now, ReadingSink& sink);

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    // Why the file cannot be read now, for people; empty: it can.
    [[nodiscard]] const std::string& problem() const noexcept { return problem_; }
    // Of all files that were read under the path.
    [[nodiscard]] leases::DecodeCounts decoded() const;
    [[nodiscard]] const LeaseCounts& counts() const noexcept { return events_.counts(); }
    [[nodiscard]] std::size_t known() const noexcept { return events_.known(); }

private:
    // A file that is being read.
    struct Reading {
        std::unique_ptr<File> file;
        FileStatus status;  // when it was opened
        std::string text;   // read, and not decoded yet
        bool is_main = true;
        bool is_complete = false;            // dnsmasq
        std::vector<leases::Lease> waiting;  // dnsmasq: used at the end of the file
    };
    [[nodiscard]] Status begin(UtcTime now);
    [[nodiscard]] Status open_next();
    [[nodiscard]] Status find_format();
    [[nodiscard]] Status read_part(UtcTime now, ReadingSink& sink);
    void finish(UtcTime written, ReadingSink& sink);
    void use(const std::vector<leases::Lease>& read, UtcTime written, ReadingSink& sink);
    void end_reader();

    std::string path_;
    leases::LeaseFormat format_;  // as configured
    leases::LeaseFormat found_ = leases::LeaseFormat::unknown;
    LeaseEvents events_;
    std::string problem_;
    leases::DecodeCounts decoded_;  // of readers that are gone
    std::unique_ptr<leases::LeaseReader> reader_;
    std::optional<FileStatus> seen_;   // of the file at the path, when it was read last
    std::uint64_t offset_ = 0;         // in it: all before was decoded
    bool is_new_ = true;               // the file at the path is read from its begin
    std::deque<std::string> earlier_;  // files beside that are read before it
    std::optional<Reading> reading_;
};

}  // namespace octroi::dhcp
