// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/attributor.hpp"

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>

#include "attribute/builtin_classes.hpp"
#include "attribute/split.hpp"
#include "base/check.hpp"
#include "base/narrow.hpp"

namespace octroi {
namespace {

enum CounterIndex : std::size_t { readings, remembered, split, odd_times, overlong, refused };

// PartyKind::excluded names; by the numbers below.
constexpr std::array<std::string_view, 4> reasons = {"non-ip", "malformed", "duplicate",
                                                     "loopback"};
enum Reason : std::uint32_t { reason_non_ip, reason_malformed, reason_duplicate, reason_loopback };

constexpr std::int64_t bucket_ns = bucket_length.ns;
// Bucket arithmetic must not overflow: times beyond are moved here (years 1678 and 2262).
constexpr UtcTime earliest{INT64_MIN / bucket_ns * bucket_ns + 2 * bucket_ns};
constexpr UtcTime latest{INT64_MAX / bucket_ns * bucket_ns - 2 * bucket_ns};
// 31 days of buckets: no meter holds a reading back for longer, so this is a clock gone wrong.
constexpr std::int64_t buckets_of_a_reading_max = 31LL * 24 * 12;
// Readings ahead of the current one for which memory is fetched into the cache.
constexpr std::size_t prefetch_distance = 8;

constexpr std::int32_t bucket_number(UtcTime t) noexcept {
    return static_cast<std::int32_t>(bucket_start(t).ns / bucket_ns);
}
constexpr UtcTime bucket_begin(std::int32_t number) noexcept { return {number * bucket_ns}; }
static_assert(INT64_MAX / bucket_ns < INT32_MAX);

// The buckets that lie wholly inside the interval.
std::pair<std::int32_t, std::int32_t> whole_buckets(const Interval& valid) noexcept {
    const UtcTime begin = std::max(valid.begin, earliest);
    const UtcTime end = std::min(valid.end, latest);
    const std::int32_t first = bucket_number(begin) + (bucket_start(begin) == begin ? 0 : 1);
    return {first, std::max(first, bucket_number(end))};
}

// A part of a split reading may have got nothing: no transfer.
bool is_empty(const TallyRow& row) noexcept { return (row.bytes | row.packets | row.flows) == 0; }

void narrow_to(Interval& valid, const Interval& other) noexcept {
    valid.begin = std::max(valid.begin, other.begin);
    valid.end = std::min(valid.end, other.end);
}

}  // namespace

Attributor::Attributor(DirectoryPtr directory, ClassesPtr classes, ServicesPtr services,
                       std::uint64_t seed)
    : directory_(std::move(directory)),
      classes_(std::move(classes)),
      services_(std::move(services)),
      addresses_(seed),
      tally_(seed) {
    CHECK(directory_ && classes_ && services_);
    number_parties();
}

void Attributor::replace(DirectoryPtr directory, ClassesPtr classes, ServicesPtr services) {
    CHECK(tally_.rows().empty());
    CHECK(directory && classes && services);
    directory_ = std::move(directory);
    classes_ = std::move(classes);
    services_ = std::move(services);
    number_parties();
    forget();
    const std::vector<std::string> names = std::move(interface_names_);
    interface_names_.clear();
    set_interfaces(names);
}

void Attributor::number_parties() {
    bases_.classes = narrow<std::uint32_t>(directory_->parties().size());
    bases_.builtin = bases_.classes + narrow<std::uint32_t>(classes_->names().size());
    bases_.excluded = bases_.builtin + narrow<std::uint32_t>(builtin_class_names.size());
    bases_.addresses = bases_.excluded + narrow<std::uint32_t>(reasons.size());
    // A batch holds each party once, so a name that a table brings twice, or that is built in, is
    // one party.
    class_parties_.clear();
    boost::unordered_flat_map<std::string_view, std::uint32_t> known;
    for (std::uint32_t i = 1; i < builtin_class_names.size(); ++i)
        known.emplace(builtin_class_names[i], bases_.builtin + i);
    for (const std::string& name : classes_->names()) {
        const auto next = bases_.classes + static_cast<std::uint32_t>(class_parties_.size());
        class_parties_.push_back(known.try_emplace(name, next).first->second);
    }
}

// Answers remembered hold no longer: the parties have other numbers.
void Attributor::forget() {
    memos_.clear();
    addresses_.reset();
}

void Attributor::set_interfaces(std::span<const std::string> names) {
    if (std::ranges::equal(names, interface_names_)) return;
    interface_names_.assign(names.begin(), names.end());
    interface_timelines_.clear();
    for (const std::string& name : interface_names_) {
        interface_timelines_.push_back(directory_->interface_timeline(name));
    }
    memos_.clear();
}

void Attributor::accept(std::span<const Reading> batch) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
        if (i + prefetch_distance < batch.size()) {
            const Reading& ahead = batch[i + prefetch_distance];
            if (ahead.memo < memos_.size()) __builtin_prefetch(&memos_[ahead.memo], 1);
            if (ahead.fresh) {
                __builtin_prefetch(classes_->first_step(ahead.src));
                __builtin_prefetch(classes_->first_step(ahead.dst));
            }
        }
        const Reading& reading = batch[i];
        if (!count(reading)) continue;
        if (reading.first < bucket_begin_ || reading.last >= bucket_end_ ||
            reading.last < reading.first) {
            const bool sane = reading.first <= reading.last && reading.first >= earliest &&
                              reading.last <= latest;
            if (!sane || bucket_number(reading.first) != bucket_number(reading.last)) {
                add_split(reading);
                continue;
            }
            bucket_ = bucket_number(reading.first);
            bucket_begin_ = bucket_begin(bucket_);
            bucket_end_ = bucket_begin(bucket_ + 1);
        }
        if (!add_remembered(reading)) add_whole(reading, bucket_);
    }
}

// Adds to the batch's totals. False: they would overflow, and the reading is not booked.
bool Attributor::count(const Reading& reading) noexcept {
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;
    std::uint64_t flows = 0;
    if (__builtin_add_overflow(bytes_, reading.bytes, &bytes) ||
        __builtin_add_overflow(packets_, reading.packets, &packets) ||
        __builtin_add_overflow(flows_, reading.flows, &flows)) {
        ++counts_[refused];
        return false;
    }
    bytes_ = bytes;
    packets_ = packets;
    flows_ = flows;
    ++counts_[readings];
    return true;
}

// The short way: a reading inside bucket_ whose flow was looked up before.
bool Attributor::add_remembered(const Reading& reading) {
    if (reading.fresh || reading.memo >= memos_.size()) return false;
    Memo& memo = memos_[reading.memo];
    if (bucket_ < memo.first || bucket_ >= memo.end) return false;
    if (memo.row_generation != generation_ || tally_.row(memo.row).key.bucket != bucket_) {
        memo.row = tally_.row_of({bucket_, memo.from, memo.to, memo.service});
        memo.row_generation = generation_;
    }
    ++counts_[remembered];
    tally_.add(memo.row, reading.bytes, reading.packets, reading.flows);
    return true;
}

void Attributor::add_whole(const Reading& reading, BucketNumber bucket) {
    const Answer answer = resolve(reading, reading.first);
    if (answer.valid.end <= reading.last) {
        add_split(reading);
        return;
    }
    const std::uint32_t row = tally_.row_of({bucket, answer.from, answer.to, answer.service});
    tally_.add(row, reading.bytes, reading.packets, reading.flows);
    remember(reading, answer);
    if (Memo* memo = memo_of(reading)) {
        memo->row = row;
        memo->row_generation = generation_;
    }
}

// The long way: part by part, each within one bucket and one answer.
void Attributor::add_split(const Reading& reading) {
    UtcTime last = std::clamp(reading.last, earliest, latest);
    UtcTime first = std::clamp(reading.first, earliest, latest);
    if (first > last) first = last;
    if (first != reading.first || last != reading.last) ++counts_[odd_times];
    if (bucket_number(last) - bucket_number(first) >= buckets_of_a_reading_max) {
        ++counts_[overlong];
        first = last;
    }
    TimeSplit bytes(first, last, reading.bytes);
    TimeSplit packets(first, last, reading.packets);
    std::uint64_t flows = reading.flows;
    std::uint64_t parts = 0;
    if (reading.fresh) {
        if (Memo* memo = memo_of(reading)) *memo = Memo{};
    }
    for (UtcTime at = first; at <= last; ++parts) {
        const BucketNumber bucket = bucket_number(at);
        const Answer answer = answer_at(reading, at);
        const UtcTime until = std::min(bucket_begin(bucket + 1), answer.valid.end);
        CHECK(until > at);
        const std::uint32_t row = tally_.row_of({bucket, answer.from, answer.to, answer.service});
        tally_.add(row, bytes.take_until(until), packets.take_until(until), flows);
        flows = 0;
        at = until;
    }
    if (parts > 1) ++counts_[split];
}

// As resolve(), from memory where possible.
Attributor::Answer Attributor::answer_at(const Reading& reading, UtcTime time) {
    const BucketNumber bucket = bucket_number(time);
    if (const Memo* memo = memo_of(reading);
        memo != nullptr && bucket >= memo->first && bucket < memo->end) {
        return {
            memo->from, memo->to, memo->service, {bucket_begin(bucket), bucket_begin(bucket + 1)}};
    }
    const Answer answer = resolve(reading, time);
    remember(reading, answer);
    return answer;
}

Attributor::Memo* Attributor::memo_of(const Reading& reading) {
    if (reading.memo == 0 || reading.memo >= memos_.size()) return nullptr;
    return &memos_[reading.memo];
}

void Attributor::remember(const Reading& reading, const Answer& answer) {
    if (reading.memo == 0 || reading.memo >= memos_max) return;
    if (reading.memo >= memos_.size()) {
        // Dense numbers: doubling keeps the cost of growing small.
        memos_.resize(std::max<std::size_t>({reading.memo + 1UL, memos_.size() * 2, 1024}));
    }
    const auto [first, end] = whole_buckets(answer.valid);
    memos_[reading.memo] = {first, end, answer.from, answer.to, answer.service, 0, 0};
}

Attributor::Answer Attributor::resolve(const Reading& reading, UtcTime time) {
    Answer answer;
    answer.service = services_->find(reading);
    const auto exclude = [&](Reason reason) {
        answer.from = answer.to = bases_.excluded + reason;
        return answer;
    };
    switch (reading.kind) {
        case ReadingKind::non_ip:
            return exclude(reason_non_ip);
        case ReadingKind::malformed:
            return exclude(reason_malformed);
        case ReadingKind::duplicate:
            return exclude(reason_duplicate);
        case ReadingKind::ip:
            break;
    }
    if (is_loopback(reading.src) || is_loopback(reading.dst)) return exclude(reason_loopback);
    const Ends ends = find_ends(reading, time);
    answer.from = party_of(ends.from, reading.src);
    answer.to = party_of(ends.to, reading.dst);
    narrow_to(answer.valid, ends.from.valid);
    narrow_to(answer.valid, ends.to.valid);
    return answer;
}

Attributor::Ends Attributor::find_ends(const Reading& reading, UtcTime time) const {
    Ends ends{directory_->find_address(reading.src, reading.src_mac, time),
              directory_->find_address(reading.dst, reading.dst_mac, time)};
    if (!directory_->binds_links()) return ends;
    bool known = false;
    CompiledDirectory::Answer& near = near_is_source(reading, known) ? ends.from : ends.to;
    if (!known || near.bound) return ends;
    const std::uint32_t timeline =
        reading.interface == 0 || reading.interface > interface_timelines_.size()
            ? CompiledDirectory::no_timeline
            : interface_timelines_[reading.interface - 1U];
    CompiledDirectory::Answer link = directory_->find_link(reading.vlan, timeline, time);
    narrow_to(link.valid, near.valid);
    near = link;
    return ends;
}

bool Attributor::near_is_source(const Reading& reading, bool& known) const {
    known = true;
    if (reading.direction == Direction::in) return true;
    if (reading.direction == Direction::out) return false;
    const bool src_local = directory_->find_network(reading.src).bound;
    known = src_local != directory_->find_network(reading.dst).bound;
    return src_local;
}

std::uint32_t Attributor::party_of(const CompiledDirectory::Answer& answer,
                                   const Address& address) {
    if (answer.bound) return party_of(answer.target, address);
    const BuiltinClass builtin = builtin_class(address);
    if (builtin != BuiltinClass::none) return bases_.builtin + static_cast<std::uint32_t>(builtin);
    const CompiledDirectory::Answer network = directory_->find_network(address);
    if (network.bound) return party_of(network.target, address);
    return class_parties_[classes_->find(address)];
}

std::uint32_t Attributor::party_of(const CompiledDirectory::Target& target,
                                   const Address& address) {
    if (!target.per_address) return target.index;
    return bases_.addresses + addresses_.row_of(target.index, address);
}

Party Attributor::party(std::uint32_t number) const {
    if (number < bases_.classes) return directory_->parties()[number];
    if (number < bases_.builtin)
        return {PartyKind::outside, classes_->names()[number - bases_.classes], {}};
    if (number < bases_.excluded) {
        return {PartyKind::outside, std::string(builtin_class_names[number - bases_.builtin]), {}};
    }
    if (number < bases_.addresses) {
        return {PartyKind::excluded, std::string(reasons[number - bases_.excluded]), {}};
    }
    const AddressParties::Row& row = addresses_.row(number - bases_.addresses);
    const CompiledDirectory::Owner& owner = directory_->owners()[row.owner];
    return {owner.kind, owner.name, to_string(row.address)};
}

// In an order that depends on who they are and not on when they were first seen.
std::vector<std::uint32_t> Attributor::used_parties() const {
    std::vector<bool> used(bases_.addresses + addresses_.size(), false);
    for (const TallyRow& row : tally_.rows()) {
        if (is_empty(row)) continue;
        used[row.key.from] = true;
        used[row.key.to] = true;
    }
    std::vector<std::uint32_t> numbers;
    for (std::uint32_t i = 0; i < used.size(); ++i) {
        if (used[i]) numbers.push_back(i);
    }
    const auto addresses = std::lower_bound(numbers.begin(), numbers.end(), bases_.addresses);
    std::sort(addresses, numbers.end(), [&](std::uint32_t a, std::uint32_t b) {
        return addresses_.row(a - bases_.addresses) < addresses_.row(b - bases_.addresses);
    });
    return numbers;
}

Attributed Attributor::take() {
    Attributed out;
    out.class_version = classes_->version();
    out.directory_version = directory_->version();
    out.volume = {Bytes(bytes_), Packets(packets_), Flows(flows_)};

    std::vector<std::uint32_t> place_of_party(bases_.addresses + addresses_.size(), 0);
    for (const std::uint32_t number : used_parties()) {
        place_of_party[number] = narrow<std::uint32_t>(out.parties.size());
        out.parties.push_back(party(number));
    }
    std::vector<std::uint32_t> place_of_service(services_->end(), 0);
    for (const TallyRow& row : tally_.rows()) {
        if (!is_empty(row)) place_of_service[row.key.service] = 1;
    }
    for (std::uint32_t number = 0; number < place_of_service.size(); ++number) {
        if (place_of_service[number] == 0) continue;
        place_of_service[number] = narrow<std::uint32_t>(out.services.size());
        out.services.push_back(services_->name(number));
    }
    out.transfers.reserve(tally_.rows().size());
    for (const TallyRow& row : tally_.rows()) {
        if (is_empty(row)) continue;
        out.transfers.push_back({bucket_begin(row.key.bucket),
                                 place_of_party[row.key.from],
                                 place_of_party[row.key.to],
                                 place_of_service[row.key.service],
                                 {Bytes(row.bytes), Packets(row.packets), Flows(row.flows)}});
    }
    std::sort(out.transfers.begin(), out.transfers.end());

    tally_.clear(rows_kept);
    ++generation_;
    bytes_ = packets_ = flows_ = 0;
    if (addresses_.size() > addresses_kept) forget();
    return out;
}

std::vector<CounterValue> Attributor::counters() const {
    std::vector<CounterValue> values;
    for (std::size_t i = 0; i < counts_.size(); ++i)
        values.push_back({attribute_counters[i].name, counts_[i]});
    return values;
}

}  // namespace octroi
