// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/counters/listed_source.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/text_hash.hpp"
#include "meter/counters/listing_text.hpp"

namespace octroi::counters {
namespace {

constexpr std::string_view listing_name = "listing";

std::string name_of(ListedFrom from) {
    switch (from) {
        case ListedFrom::nft:
            return "nft";
        case ListedFrom::iptables:
            return "iptables";
        case ListedFrom::ip6tables:
            return "ip6tables";
        case ListedFrom::listing:
            return std::string(listing_name);
    }
    return "";
}

// DO NOT CHANGE: state files contain it.
std::string id_of(ListedFrom from, const ListedCounter& listed) {
    std::string id = fmt::format("{} {} {} {} {} {}", name_of(from), listed.family, listed.table,
                                 listed.chain, to_string(listed.form), listed.name);
    if (listed.form == CounterForm::policy) return id;
    id += fmt::format(" {} {}", listed.comment, listed.rule);
    constexpr std::size_t kept_max = 900;
    static_assert(kept_max + 17 < cumulative::CumulativeCounters::text_octets_max);
    if (id.size() > kept_max) {
        const std::uint64_t hash = text_hash(id, 0);
        id.resize(kept_max);
        id += fmt::format("#{:016x}", hash);
    }
    return id;
}

// The rows of an option are in an order: the first one that wants a counter has it.
const WantedCounter* find_wanted(const std::vector<const WantedCounter*>& rows,
                                 const ListedCounter& listed) {
    const auto row =
        std::ranges::find_if(rows, [&](const WantedCounter* w) { return wants(*w, listed); });
    return row == rows.end() ? nullptr : *row;
}

Sample sample_of_listed(const WantedCounter& wanted, const ListedCounter& listed,
                        const Listing& listing) {
    Sample sample;
    sample.generation = fmt::format("{} {} {} {}", listing.boot, listing.space,
                                    listed.table_handle.value_or(0), listed.handle.value_or(0));
    sample.values = {*listed.bytes, *listed.packets};
    sample.kind = NameKind::rule;
    sample.identity = wanted.name;
    sample.label = wanted.name;
    if (wanted.each_uid) {
        sample.kind = NameKind::uid;
        sample.identity = fmt::to_string(*listed.uid);
        sample.label = fmt::format("{} uid {}", wanted.name, *listed.uid);
    }
    sample.direction = wanted.direction;
    sample.appearance = Appearance::restored;
    sample.part = wanted.text;
    return sample;
}

// Of rules that are alike nobody can tell which one has which value. When all but one are gone, the
// one that is left has counted before: it begins there.
void follow_without_values(Sample& sample) {
    sample.metering = Metering::followed;
    sample.generation = "alike";
    sample.values = {};
}

}  // namespace

ListedSource::Request ListedSource::request_of(const WantedCounter& wanted) {
    if (wanted.from == ListedFrom::listing) return {wanted.from, {}, {}};
    return {wanted.from, wanted.family, wanted.table};
}

Result<std::string> ListedSource::text_of(const Request& request) {
    if (request.from == ListedFrom::nft) return listings_->nft_table(request.family, request.table);
    if (request.from == ListedFrom::listing)
        return options_.command.empty() ? listings_->file(options_.file)
                                        : listings_->command(options_.command);
    const std::vector<std::string> command{name_of(request.from) + "-save", "-c", "-t",
                                           request.table};
    return listings_->command(command);
}

Result<CounterListing> ListedSource::list(const Request& request) {
    TRY_ASSIGN(const std::string text, text_of(request));
    const std::string name = request.from == ListedFrom::listing
                                 ? std::string(listing_name)
                                 : fmt::format("{} {}", name_of(request.from), request.table);
    const std::string_view format = request.from == ListedFrom::nft ? "nft-json" : "auto";
    TRY_ASSIGN(CounterListing listed, parse_listing(text, format, name));
    if (listed.unread > 0)
        return fail(ErrorCode::corrupt,
                    fmt::format("{}: {} counters cannot be read; the first is in: {}; next: octroi "
                                "inspect counters",
                                name, listed.unread, listed.first_unread));
    return listed;
}

Status ListedSource::add(const Request& request, Listing& listing, std::vector<bool>& found) {
    std::vector<const WantedCounter*> rows;
    for (const WantedCounter& wanted : options_.wanted)
        if (request_of(wanted) == request) rows.push_back(&wanted);
    const auto listed = list(request);
    if (!listed) {
        const bool is_absent =
            request.from == ListedFrom::nft && listed.error().code == ErrorCode::not_found;
        return is_absent ? Status{} : std::unexpected(listed.error());
    }
    std::map<std::string, int> alike;
    for (const ListedCounter& each : listed->counters) ++alike[id_of(request.from, each)];
    std::set<std::string> ambiguous;
    for (const ListedCounter& each : listed->counters) {
        const WantedCounter* wanted = find_wanted(rows, each);
        if (wanted == nullptr || !each.bytes || !each.packets) continue;
        if (each.rounded)
            return fail(ErrorCode::corrupt,
                        fmt::format("{}: the listing has rounded figures; next: iptables -nvxL",
                                    wanted->name));
        found[static_cast<std::size_t>(wanted - options_.wanted.data())] = true;
        std::string id = id_of(request.from, each);
        const bool is_ambiguous = alike.at(id) > 1;
        if (is_ambiguous && !ambiguous.insert(id).second) continue;
        Sample& sample = listing.samples.emplace_back(sample_of_listed(*wanted, each, listing));
        sample.counter = std::move(id);
        if (!is_ambiguous) continue;
        follow_without_values(sample);
        listing.missing.push_back(
            fmt::format("{}: several rules of chain {} are alike, give each a comment of its own",
                        wanted->name, each.chain));
    }
    return {};
}

Result<Listing> ListedSource::read() {
    Listing listing;
    TRY_ASSIGN(listing.boot, host_->boot());
    TRY_ASSIGN(listing.space, host_->space());
    std::set<Request> requests;
    for (const WantedCounter& wanted : options_.wanted) {
        listing.parts.push_back(wanted.text);
        requests.insert(request_of(wanted));
    }
    std::vector<bool> found(options_.wanted.size());
    for (const Request& request : requests) TRY(add(request, listing, found));
    for (std::size_t i = 0; i < found.size(); ++i)
        if (!found[i]) listing.missing.push_back(options_.wanted[i].text);
    return listing;
}

}  // namespace octroi::counters
