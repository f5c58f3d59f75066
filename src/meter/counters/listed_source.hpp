// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Counters that others keep in the firewall, each by its configured name. They are read and never
// set to 0.
//
// A counter is known by its text: the rule without its counts. Rules of one chain with one text
// are the same in a listing, and do not count. A program may have restored a rule with the
// counts of before (iptables-restore -c, nft -f), so that a counter that comes back with values
// that are not smaller goes on from the last ones. iptables does not state when a rule was made:
// one that was removed and made again between two readings, and counted more than before, looks
// like one that was never removed.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/counter_host.hpp"
#include "host/listing_host.hpp"
#include "meter/counters/counter_source.hpp"
#include "meter/counters/wanted_counter.hpp"

namespace octroi::counters {

struct ListedOptions {
    std::vector<WantedCounter> wanted;
    // For from=listing, one of these: a file that another program writes, or a program that prints.
    std::string file;
    std::vector<std::string> command;
};

class ListedSource final : public CounterSource {
public:
    ListedSource(ListedOptions options, std::unique_ptr<CounterHost> host,
                 std::unique_ptr<ListingHost> listings)
        : options_(std::move(options)), host_(std::move(host)), listings_(std::move(listings)) {}

    // Errors: those of ListingHost, except for a table that is not there; corrupt (a listing cannot
    // be read as a whole, or its figures are rounded).
    [[nodiscard]] Result<Listing> read() override;
    void wait(Duration time) override { host_->wait(time); }

private:
    // A listing that several rows need.
    struct Request {
        ListedFrom from;
        std::string family;
        std::string table;
        auto operator<=>(const Request&) const = default;
    };
    [[nodiscard]] static Request request_of(const WantedCounter& wanted);
    [[nodiscard]] Result<CounterListing> list(const Request& request);
    [[nodiscard]] Result<std::string> text_of(const Request& request);
    [[nodiscard]] Status add(const Request& request, Listing& listing, std::vector<bool>& found);

    ListedOptions options_;
    std::unique_ptr<CounterHost> host_;
    std::unique_ptr<ListingHost> listings_;
};

}  // namespace octroi::counters
