// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/attributor.hpp"

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>

#include "attribute/builtin_classes.hpp"
#include "base/check.hpp"
#include "base/narrow.hpp"

namespace octroi {
namespace {

void narrow_to(Interval& valid, const Interval& other) noexcept {
    valid.begin = std::max(valid.begin, other.begin);
    valid.end = std::min(valid.end, other.end);
}

}  // namespace

Attributor::Attributor(DirectoryPtr directory, ClassesPtr classes, ServicesPtr services,
                       std::uint64_t seed, std::pmr::memory_resource& memory)
    : directory_(std::move(directory)),
      classes_(std::move(classes)),
      services_(std::move(services)),
      addresses_(seed, memory),
      tally_(seed, memory),
      sampled_(memory),
      slots_(&memory) {
    CHECK(directory_ && classes_ && services_);
    number_parties();
}

void Attributor::reserve() {
    slots_.reserve(flow_slots_expected);
    tally_.reserve(rows_kept);
    addresses_.reserve(addresses_kept);
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
    interface_timelines_.clear();
    set_interfaces(names);
    for (NextHop& next_hop : next_hops_) next_hop = resolved(next_hop.address);
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
    slots_.clear();
    addresses_.reset();
}

void Attributor::set_interfaces(std::span<const std::string> names) {
    for (const std::string& name : names.subspan(std::min(names.size(), interface_names_.size()))) {
        interface_names_.push_back(name);
        interface_timelines_.push_back(directory_->interface_timeline(name));
    }
}

void Attributor::set_next_hops(std::span<const Address> next_hops) {
    for (const Address& address : next_hops.subspan(std::min(next_hops.size(), next_hops_.size())))
        next_hops_.push_back(resolved(address));
}

Attributor::NextHop Attributor::resolved(const Address& next_hop) const {
    return {next_hop, directory_->next_hop_timeline(next_hop), classes_->find_next_hop(next_hop)};
}

void Attributor::find(const Reading& reading, UtcTime time, Finding& finding) const {
    finding.service = services_->find(reading);
    finding.valid = {};
    if (const std::uint32_t excluded = exclusion(reading); excluded != not_excluded) {
        finding.from.address = finding.to.address = nullptr;
        finding.from.number = finding.to.number = bases_.excluded + excluded;
        return;
    }
    const Ends ends = find_ends(reading, time);
    set_end(finding.from, ends.from, reading.src, {reading.src_as});
    set_end(finding.to, ends.to, reading.dst, {reading.dst_as, reading.next_hop});
    narrow_to(finding.valid, ends.from.valid);
    narrow_to(finding.valid, ends.to.valid);
}

std::uint32_t Attributor::exclusion(const Reading& reading) {
    switch (reading.kind) {
        case ReadingKind::non_ip:
            return reason_non_ip;
        case ReadingKind::malformed:
            return reason_malformed;
        case ReadingKind::duplicate:
            return reason_duplicate;
        case ReadingKind::dropped:
            return reason_dropped;
        case ReadingKind::ip:
            break;
    }
    return is_loopback(reading.src) || is_loopback(reading.dst) ? reason_loopback : not_excluded;
}

Attributor::Answer Attributor::answer_of(const Finding& finding) {
    return {number_of(finding.from), number_of(finding.to), finding.service, finding.valid};
}

Attributor::Answer Attributor::answer_of(const Reading& reading, UtcTime time) {
    Finding finding;
    find(reading, time, finding);
    return answer_of(finding);
}

Attributor::Ends Attributor::find_ends(const Reading& reading, UtcTime time) const {
    Ends ends{directory_->find_address(reading.src, reading.src_mac, time),
              directory_->find_address(reading.dst, reading.dst_mac, time)};
    if (directory_->binds_links()) bind_by_links(reading, time, ends);
    return ends;
}

// In the order of specificity: next hop, VLAN and interface, AS.
void Attributor::bind_by_links(const Reading& reading, UtcTime time, Ends& ends) const {
    const auto bind = [](CompiledDirectory::Answer& end, CompiledDirectory::Answer link) {
        if (end.bound) return;
        narrow_to(link.valid, end.valid);
        end = link;
    };
    const auto bind_link = [&](CompiledDirectory::Answer& end, std::uint16_t vlan,
                               std::uint16_t interface) {
        bind(end, directory_->find_link(vlan, timeline_of(interface), time));
    };
    if (reading.next_hop != 0 && reading.next_hop <= next_hops_.size()) {
        const std::uint32_t timeline = next_hops_[reading.next_hop - 1U].timeline;
        bind(ends.to, directory_->find_next_hop(timeline, time));
    }
    bool known = false;
    const bool source_is_near = near_is_source(reading, known);
    if (known) bind_link(source_is_near ? ends.from : ends.to, reading.vlan, reading.interface);
    if (reading.out_interface != 0) bind_link(ends.to, 0, reading.out_interface);
    bind(ends.from, directory_->find_as(reading.src_as, time));
    bind(ends.to, directory_->find_as(reading.dst_as, time));
}

std::uint32_t Attributor::timeline_of(std::uint16_t interface) const {
    return interface == 0 || interface > interface_timelines_.size()
               ? CompiledDirectory::no_timeline
               : interface_timelines_[interface - 1U];
}

bool Attributor::near_is_source(const Reading& reading, bool& known) const {
    known = true;
    if (reading.direction == Direction::in) return true;
    if (reading.direction == Direction::out) return false;
    const bool src_local = directory_->find_network(reading.src).has_value();
    known = src_local != directory_->find_network(reading.dst).has_value();
    return src_local;
}

void Attributor::set_end(End& end, const CompiledDirectory::Answer& answer, const Address& address,
                         Stated stated) const {
    if (answer.bound) return set_end(end, answer.target, address);
    end.address = nullptr;
    const BuiltinClass builtin = builtin_class(address);
    if (builtin != BuiltinClass::none) {
        end.number = bases_.builtin + static_cast<std::uint32_t>(builtin);
        return;
    }
    if (const auto network = directory_->find_network(address))
        return set_end(end, *network, address);
    end.number = class_parties_[class_of(address, stated)];
}

std::uint32_t Attributor::class_of(const Address& address, Stated stated) const {
    if (classes_->asks_next_hops() && stated.next_hop != 0 &&
        stated.next_hop <= next_hops_.size()) {
        const std::uint32_t decided = next_hops_[stated.next_hop - 1U].class_index;
        if (decided != CompiledClasses::no_class) return decided;
    }
    return classes_->find(address, stated.as);
}

void Attributor::set_end(End& end, const CompiledDirectory::Target& target,
                         const Address& address) const {
    end.number = target.index;
    end.address = target.per_address ? &address : nullptr;
    if (target.per_address) end.hash = addresses_.hash(target.index, address);
}

std::uint32_t Attributor::number_of(const End& end) {
    if (end.address == nullptr) return end.number;
    return bases_.addresses + addresses_.row_of(end.number, *end.address, end.hash);
}

std::vector<CounterValue> Attributor::counters() const {
    std::vector<CounterValue> values;
    for (std::size_t i = 0; i < counts_.size(); ++i)
        values.push_back({attribute_counters[i].name, counts_[i]});
    return values;
}

}  // namespace octroi
