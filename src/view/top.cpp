// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/top.hpp"

#include <algorithm>
#include <limits>

#include "base/check.hpp"

namespace octroi {
namespace {

std::uint64_t sum(std::uint64_t a, std::uint64_t b) noexcept {
    return checked_add(a, b).value_or(std::numeric_limits<std::uint64_t>::max());
}

constexpr std::array<std::string_view, 4> group_names{"identity", "account", "service", "peer"};
constexpr std::array<std::string_view, 6> sort_names{"rate",    "received", "sent",
                                                     "packets", "total",    "name"};

template <typename E, std::size_t N>
E next(E value, const std::array<std::string_view, N>&) {
    return static_cast<E>((static_cast<std::size_t>(value) + 1) % N);
}

std::uint64_t sort_value(const TopLine& line, TopSort sort) {
    switch (sort) {
        case TopSort::rate:
            return line.rate();
        case TopSort::received:
            return line.received_rate;
        case TopSort::sent:
            return line.sent_rate;
        case TopSort::packets:
            return line.packet_rate;
        case TopSort::total:
            return line.total_bytes;
        case TopSort::name:
            return 0;
    }
    return 0;
}

constexpr std::ptrdiff_t page = 10;

}  // namespace

std::string_view to_string(TopGroup group) {
    return group_names.at(static_cast<std::size_t>(group));
}
std::string_view to_string(TopSort sort) { return sort_names.at(static_cast<std::size_t>(sort)); }

TopModel::TopModel(std::vector<std::string> interfaces, Units units)
    : interfaces_(std::move(interfaces)), units_(units) {}

void TopModel::add(const TopSample& sample) {
    CHECK(sample.length.ns > 0);
    Totals& totals = live_.totals;
    totals.at = sample.at;
    ++totals.samples;
    live_.lengths.at(totals.samples % window) = sample.length;

    std::uint64_t received = 0;
    std::uint64_t sent = 0;
    std::uint64_t excluded = 0;
    for (const TopEntry& entry : sample.entries) {
        if (entry.excluded) excluded = sum(excluded, entry.neither.bytes.value());
        received = sum(received, entry.received.bytes.value());
        sent = sum(sent, entry.sent.bytes.value());
        add_entry(entry);
    }
    totals.received_bytes = sum(totals.received_bytes, received);
    totals.sent_bytes = sum(totals.sent_bytes, sent);
    totals.excluded_bytes = sum(totals.excluded_bytes, excluded);
    totals.excluded_rate = rate_of(excluded, sample.length);
    totals.lost_in_last_sample = sample.lost_packets;
    totals.lost_packets = sum(totals.lost_packets, sample.lost_packets);
    const TopRates rates{rate_of(received, sample.length), rate_of(sent, sample.length)};
    totals.peak.received = std::max(totals.peak.received, rates.received);
    totals.peak.sent = std::max(totals.peak.sent, rates.sent);
    totals.history.push_back(rates);
    if (totals.history.size() > history_max) totals.history.pop_front();
    for (std::size_t i = 0; i < groups; ++i) evict_rows(static_cast<TopGroup>(i));
}

void TopModel::add_entry(const TopEntry& entry) {
    // A row of a service or of a far end must not count excluded traffic: it has rows of its own.
    if (entry.excluded) {
        for (std::size_t i = 0; i < groups; ++i)
            add_track(static_cast<TopGroup>(i), entry.account, entry);
        return;
    }
    // Traffic without an identity (transit, for example) is shown by its account.
    const std::string& identity = entry.identity.empty() ? entry.account : entry.identity;
    add_track(TopGroup::identity, identity, entry);
    add_track(TopGroup::account, entry.account, entry);
    add_track(TopGroup::service, entry.service, entry);
    add_track(TopGroup::peer, entry.peer, entry);
}

void TopModel::add_track(TopGroup group, const std::string& name, const TopEntry& entry) {
    Track& track = live_.tracks.at(static_cast<std::size_t>(group))[name];
    if (group == TopGroup::identity) track.account = entry.account;
    track.excluded = entry.excluded;
    const std::uint64_t number = live_.totals.samples;
    Slice& slice = track.slices.at(number % window);
    if (slice.sample != number) slice = {.sample = number};
    const std::uint64_t received = entry.received.bytes.value();
    const std::uint64_t sent = entry.sent.bytes.value();
    const std::uint64_t other = entry.neither.bytes.value();
    slice.received = sum(slice.received, received);
    slice.sent = sum(slice.sent, sent);
    slice.other = sum(slice.other, other);
    for (const Volume& part : {entry.received, entry.sent, entry.neither})
        slice.packets = sum(slice.packets, part.packets.value());
    track.total_bytes = sum(track.total_bytes, sum(sum(received, sent), other));
}

// Above tracks_max, evicts the rows with the least traffic until three quarters of tracks_max are
// left. So this sort does not run for every sample.
void TopModel::evict_rows(TopGroup group) {
    Tracks& tracks = live_.tracks.at(static_cast<std::size_t>(group));
    if (tracks.size() <= tracks_max) return;
    std::vector<std::uint64_t> bytes;
    bytes.reserve(tracks.size());
    for (const auto& [name, track] : tracks) bytes.push_back(track.total_bytes);
    const auto keep = static_cast<std::ptrdiff_t>(tracks_max / 4 * 3);
    std::ranges::nth_element(bytes, bytes.begin() + keep, std::ranges::greater{});
    const std::uint64_t limit = bytes.at(static_cast<std::size_t>(keep));
    std::uint64_t& others = live_.others.at(static_cast<std::size_t>(group));
    boost::unordered::erase_if(tracks, [&](const auto& entry) {
        if (entry.second.excluded || entry.second.total_bytes > limit) return false;
        others = sum(others, entry.second.total_bytes);
        return true;
    });
}

TopLine TopModel::line_of(const State& state, const std::string& name, const Track& track,
                          Duration length) {
    TopLine line;
    line.name = name;
    line.account = track.account == name ? std::string() : track.account;
    line.total_bytes = track.total_bytes;
    line.excluded = track.excluded;
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
    std::uint64_t other = 0;
    std::uint64_t packets = 0;
    for (const Slice& slice : track.slices) {
        if (slice.sample == 0 || slice.sample + window <= state.totals.samples) continue;
        received = sum(received, slice.received);
        sent = sum(sent, slice.sent);
        other = sum(other, slice.other);
        packets = sum(packets, slice.packets);
    }
    line.received_rate = rate_of(received, length);
    line.sent_rate = rate_of(sent, length);
    line.other_rate = rate_of(other, length);
    line.packet_rate = rate_of(packets, length) / 8;
    return line;
}

std::vector<TopLine> TopModel::lines() const {
    const State& state = shown();
    Duration length;
    for (const Duration& d : state.lengths) length.ns += d.ns;
    const auto group = static_cast<std::size_t>(group_);
    std::vector<TopLine> lines;
    lines.reserve(state.tracks.at(group).size() + 1);
    for (const auto& [name, track] : state.tracks.at(group))
        lines.push_back(line_of(state, name, track, length));
    std::ranges::sort(lines, [&](const TopLine& a, const TopLine& b) {
        if (a.excluded != b.excluded) return b.excluded;
        const auto x = sort_value(a, sort_);
        const auto y = sort_value(b, sort_);
        if (x != y) return x > y;
        if (sort_ != TopSort::name && a.total_bytes != b.total_bytes)
            return a.total_bytes > b.total_bytes;
        return a.name < b.name;
    });
    if (state.others.at(group) > 0) {
        TopLine others;
        others.name = "(others)";
        others.total_bytes = state.others.at(group);
        lines.push_back(others);
    }
    return lines;
}

TopModel::Answer TopModel::move(std::ptrdiff_t rows) {
    const auto count =
        static_cast<std::ptrdiff_t>(shown().tracks.at(static_cast<std::size_t>(group_)).size());
    const auto wanted = static_cast<std::ptrdiff_t>(scroll_) + rows;
    const auto bounded =
        std::clamp<std::ptrdiff_t>(wanted, 0, std::max<std::ptrdiff_t>(count - 1, 0));
    if (bounded == static_cast<std::ptrdiff_t>(scroll_)) return Answer::nothing;
    scroll_ = static_cast<std::size_t>(bounded);
    return Answer::redraw;
}

TopModel::Answer TopModel::key(char octet) {
    // ECMA-48 sequences as terminals send them: ESC [ A (up), B (down), 5~ (page up), 6~ (page
    // down), H (home). ESC O x is the same in the keypad's application mode.
    constexpr char esc = '\x1b';
    if (octet == esc) {
        escape_ = "\x1b";
        return Answer::nothing;
    }
    if (escape_.empty()) return plain_key(octet);
    escape_.push_back(octet);
    if (escape_.size() == 2) {
        if (octet == '[' || octet == 'O') return Answer::nothing;
        escape_.clear();
        return plain_key(octet);
    }
    // Parameters continue the sequence. No known sequence is longer than this.
    if (octet < '@' && escape_.size() < 8) return Answer::nothing;
    const std::string sequence = std::exchange(escape_, {}).substr(2);
    if (sequence == "A") return move(-1);
    if (sequence == "B") return move(1);
    if (sequence == "5~") return move(-page);
    if (sequence == "6~") return move(page);
    if (sequence == "H" || sequence == "1~") return move(std::numeric_limits<std::int32_t>::min());
    return Answer::nothing;
}

TopModel::Answer TopModel::plain_key(char octet) {
    constexpr char ctrl_c = '\x03';
    switch (octet) {
        case 'q':
        case 'Q':
        case ctrl_c:
            return Answer::quit;
        case 's':
            sort_ = next(sort_, sort_names);
            break;
        case 'g':
            group_ = next(group_, group_names);
            break;
        case 'u':
            units_ = units_ == Units::iec  ? Units::si
                     : units_ == Units::si ? Units::exact
                                           : Units::iec;
            return Answer::redraw;
        case 'p':
        case ' ':
            if (frozen_) {
                frozen_.reset();
            } else {
                frozen_ = live_;
            }
            return Answer::redraw;
        case 'j':
            return move(1);
        case 'k':
            return move(-1);
        default:
            return Answer::nothing;
    }
    scroll_ = 0;
    return Answer::redraw;
}

}  // namespace octroi
