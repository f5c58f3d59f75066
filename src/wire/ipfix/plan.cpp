// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/ipfix/plan.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "base/hash.hpp"
#include "base/narrow.hpp"
#include "wire/ipfix/elements.hpp"
#include "wire/ipfix/roles.hpp"

namespace octroi::ipfix {
namespace {

using flow::bit;
using flow::Field;

// Every record needs these, whatever else is wanted. The protocol decides whether a port is an ICMP
// type.
constexpr std::uint64_t always = bit(Field::bytes) | bit(Field::packets) | bit(Field::first) |
                                 bit(Field::last) | bit(Field::proto);

// A field of the template that fills a slot.
struct Candidate {
    const Role* role = nullptr;  // nullptr: no field yet
    std::size_t field = 0;
};
using Candidates = std::array<Candidate, slot_count>;

bool fits(const SlotShape& to, const Role& role, std::uint16_t length) {
    const bool variable = length == variable_length;
    switch (to.kind) {
        case Kind::ip4:
            return length == 4;
        case Kind::ip6:
            return length == 16;
        case Kind::mac:
            return length == 6;
        case Kind::text:
        case Kind::octets:
            return length > 0;
        default:
            break;
    }
    const bool moment =
        role.slot == Slot::first || role.slot == Slot::last || role.slot == Slot::observed;
    const auto form = TimeForm{role.form};
    // RFC 7011 section 6.2: times have no reduced-size encoding; an NTP fraction could not have
    // one.
    if (moment && (form == TimeForm::ntp_micro || form == TimeForm::ntp_nano)) return length == 8;
    if (role.slot == Slot::sampling_a && SamplingForm{role.form} == SamplingForm::probability)
        return length == 4 || length == 8;
    return variable || (length >= 1 && length <= 8);
}

// The ranks in roles.cpp: of octets and packets, those behind elements 23 and 24 (totals, and post
// counters of totals); of layer 2 octets, those of sampled packets.
constexpr std::uint8_t best_after_out = 3;
constexpr std::uint8_t best_of_samples = 2;

class Compiler {
public:
    Compiler(const Template& from, std::uint64_t wanted) : from_(from), wanted_(wanted | always) {}

    Plan run() {
        for (std::size_t i = 0; i < from_.fields.size(); ++i) consider(i);
        choose_out_counts();
        choose_counts(forward_, plan_.counting);
        choose_counts(reverse_, plan_.reverse_counting);
        choose_sampling();
        emit();
        describe();
        return std::move(plan_);
    }

private:
    Candidate& of(Candidates& all, Slot slot) { return all[static_cast<std::size_t>(slot)]; }

    void consider(std::size_t index) {
        const TemplateField& field = from_.fields[index];
        const bool reverse = field.enterprise == reverse_enterprise;
        const Role* role = find_role(reverse ? 0 : field.enterprise, field.id);
        if (role == nullptr) return;
        const SlotShape& to = shape(role->slot);
        if ((wanted_ & bit(to.field)) == 0 || !fits(to, *role, field.length)) return;
        // Responder counts describe the reverse direction already: they have no reverse element.
        if (reverse && (to.reverse_target == no_target || role->reverse)) return;
        Candidate& best = of(reverse || role->reverse ? reverse_ : forward_, role->slot);
        if (best.role == nullptr || role->rank < best.role->rank) best = {role, index};
    }

    [[nodiscard]] bool counts_totals(const Candidate& candidate) const {
        const Element* element = find_element(0, candidate.role->id);
        return element != nullptr && element->semantics == Semantics::totalCounter;
    }

    // Counts of initiator and responder.
    [[nodiscard]] static bool counts_connection(const Candidate& candidate) {
        constexpr std::array<std::uint16_t, 4> elements{231, 232, 298, 299};
        return candidate.role->enterprise == 0 &&
               std::ranges::find(elements, candidate.role->id) != elements.end();
    }

    // Elements 23 and 24 count, unless the template has better ones: then they are kept beside
    // those.
    void choose_out_counts() {
        constexpr static Role out_bytes{0, 23, Slot::bytes, best_after_out, 0, false};
        constexpr static Role out_packets{0, 24, Slot::packets, best_after_out, 0, false};
        const auto choose = [&](Slot out, Slot counted, const Role& role) {
            Candidate& from = of(forward_, out);
            Candidate& to = of(forward_, counted);
            if (from.role == nullptr) return;
            if (to.role != nullptr && to.role->rank < best_after_out) return;
            to = {&role, from.field};
            from = {};
        };
        choose(Slot::out_bytes, Slot::bytes, out_bytes);
        choose(Slot::out_packets, Slot::packets, out_packets);
    }

    // Octets and packets must count from the same moment, else the packets are left out. A
    // template without octets of layer 3 may have those of layer 2.
    void choose_counts(Candidates& all, flow::Counting& counting) {
        const Candidate& bytes = of(all, Slot::bytes);
        Candidate& packets = of(all, Slot::packets);
        const Candidate& frames = of(all, Slot::frame_bytes);
        const bool layer2 =
            bytes.role == nullptr && frames.role != nullptr && frames.role->rank < best_of_samples;
        const Candidate& leads = bytes.role != nullptr ? bytes : layer2 ? frames : packets;
        if (leads.role == nullptr) return;
        const bool total = counts_totals(leads);
        counting = total ? flow::Counting::total : flow::Counting::delta;
        if (counts_connection(leads)) counting = flow::Counting::connection;
        if (packets.role != nullptr && counts_totals(packets) != total) packets = {};
    }

    // Two elements make a rate only if they belong together (RFC 5477 section 8.2).
    void choose_sampling() {
        Candidate& a = of(forward_, Slot::sampling_a);
        Candidate& b = of(forward_, Slot::sampling_b);
        if (a.role == nullptr) {
            b = {};
            return;
        }
        plan_.sampling = SamplingForm{a.role->form};
        const bool pair = plan_.sampling == SamplingForm::count_space ||
                          plan_.sampling == SamplingForm::size_population;
        if (!pair) b = {};
        if (pair && (b.role == nullptr || b.role->form != a.role->form)) {
            a = b = {};
            plan_.sampling = SamplingForm::none;
            return;
        }
        if (plan_.sampling == SamplingForm::probability)
            plan_.probability_octets = narrow<std::uint8_t>(from_.fields[a.field].length);
    }

    // Sorts the steps of the segment by kind and base, so that those of one kind run in one loop.
    // Fallbacks come last: they look at what other steps wrote.
    void close(Segment& segment, std::size_t end_step) {
        segment.end_step = narrow<std::uint16_t>(end_step);
        const auto begin = plan_.steps.begin();
        std::stable_sort(begin + segment.first_step, begin + segment.end_step,
                         [](const Step& a, const Step& b) {
                             return std::pair(a.op, a.into) < std::pair(b.op, b.into);
                         });
        plan_.segments.push_back(segment);
        segment = {};
        segment.first_step = narrow<std::uint16_t>(plan_.steps.size());
    }

    void emit() {
        std::size_t least = 0;
        Segment segment;
        for (std::size_t i = 0; i < from_.fields.size(); ++i) {
            const std::uint16_t length = from_.fields[i].length;
            const std::size_t before = plan_.steps.size();
            add_steps(i, segment.octets);
            if (length != variable_length) {
                // A record longer than any message never comes: the sum need not be exact then.
                least += length;
                segment.octets = narrow<std::uint16_t>(
                    std::min<std::size_t>(segment.octets + std::size_t{length}, variable_length));
                continue;
            }
            least += 1;
            plan_.fixed = false;
            segment.variable = true;
            segment.wanted = plan_.steps.size() > before;
            close(segment, before);
        }
        close(segment, plan_.steps.size());
        plan_.least_octets = narrow<std::uint32_t>(least);
        plan_.steps.shrink_to_fit();
        plan_.segments.shrink_to_fit();
    }

    void add_steps(std::size_t field, std::uint16_t offset) {
        for (const Candidates* all : {&forward_, &reverse_}) {
            for (const Candidate& candidate : *all) {
                if (candidate.role == nullptr || candidate.field != field) continue;
                add_step(candidate, all == &reverse_, offset);
            }
        }
    }

    void add_step(const Candidate& candidate, bool reverse, std::uint16_t offset) {
        const SlotShape& to = shape(candidate.role->slot);
        Step step;
        step.length = from_.fields[candidate.field].length;
        step.offset = offset;
        step.into = reverse ? Into::work : to.into;
        step.target = reverse ? to.reverse_target : to.target;
        step.op = op(to, step.length, was_filled(candidate.role->slot));
        (reverse ? plan_.reverse_fields : plan_.fields) |= bit(to.field);
        if (!reverse) filled_[static_cast<std::size_t>(to.slot)] = true;
        plan_.steps.push_back(step);
    }

    // An element of the other IP version, which comes earlier in the record, fills the same field.
    [[nodiscard]] bool was_filled(Slot slot) const {
        const SlotShape& mine = shape(slot);
        for (std::size_t i = 0; i < slot_count; ++i) {
            const SlotShape& other = shape(Slot{static_cast<std::uint8_t>(i)});
            if (filled_[i] && other.slot != slot && other.into == mine.into &&
                other.target == mine.target)
                return true;
        }
        return false;
    }

    [[nodiscard]] static Op op(const SlotShape& to, std::uint16_t length, bool fallback) {
        switch (to.kind) {
            case Kind::ip4:
                return fallback ? Op::fallback4 : Op::address4;
            case Kind::ip6:
                return fallback ? Op::fallback6 : Op::address6;
            case Kind::mac:
                return Op::mac;
            case Kind::text:
                return Op::text;
            case Kind::octets:
                return Op::octets;
            case Kind::number8:
                return fallback ? Op::fallback8 : length == 1 ? Op::copy8 : Op::number8;
            case Kind::number16:
                return length == 2 ? Op::copy16 : Op::number16;
            case Kind::number32:
                return length == 4 ? Op::copy32 : Op::number32;
            case Kind::number64:
                return length == 8 ? Op::copy64 : length == 4 ? Op::widen32 : Op::number64;
        }
        return Op::number64;
    }

    [[nodiscard]] bool has(const Candidates& all, Slot slot) const {
        return all[static_cast<std::size_t>(slot)].role != nullptr;
    }
    [[nodiscard]] TimeForm form(const Candidates& all, Slot slot) const {
        const Role* role = all[static_cast<std::size_t>(slot)].role;
        return role == nullptr ? TimeForm::none : TimeForm{role->form};
    }

    void describe_times() {
        plan_.first = form(forward_, Slot::first);
        plan_.last = form(forward_, Slot::last);
        plan_.reverse_first = form(reverse_, Slot::first);
        plan_.reverse_last = form(reverse_, Slot::last);
        plan_.observed = form(forward_, Slot::observed);
        plan_.init_time = has(forward_, Slot::init);
        plan_.reverse_delta = has(forward_, Slot::reverse_delta);
        const Candidate& span = of(forward_, Slot::span);
        if (span.role != nullptr) plan_.span = SpanForm{span.role->form};
        // Whether there is a time is found record by record: one since the exporter's start is none
        // as long as that start is unknown.
        const std::uint64_t times = bit(Field::first) | bit(Field::last);
        if ((plan_.fields & times) != 0) plan_.finish |= Finish::times;
        // With a reverse direction, its times have to be computed as well.
        const std::uint64_t counts = bit(Field::bytes) | bit(Field::packets);
        plan_.plain_times = plan_.first == plan_.last && (plan_.reverse_fields & counts) == 0;
        plan_.fields &= ~times;
        plan_.reverse_fields &= ~times;
    }

    void describe() {
        describe_times();
        const auto when = [&](bool condition, std::uint32_t what) {
            if (condition) plan_.finish |= what;
        };
        when(has(forward_, Slot::icmp), Finish::icmp);
        const bool icmp = has(forward_, Slot::icmp) || has(forward_, Slot::icmp_type);
        when(!icmp && has(forward_, Slot::dport) && has(forward_, Slot::proto) &&
                 (wanted_ & bit(Field::icmp)) != 0,
             Finish::icmp_from_port);
        when(has(forward_, Slot::src4) && has(forward_, Slot::src6), Finish::families);
        when(has(forward_, Slot::dst4) && has(forward_, Slot::dst6), Finish::families);
        when(has(forward_, Slot::bgp_next_hop4) || has(forward_, Slot::bgp_next_hop6),
             Finish::bgp_next_hop);
        when(has(forward_, Slot::next_hop4) || has(forward_, Slot::next_hop6), Finish::next_hop);
        when(plan_.sampling != SamplingForm::none, Finish::sampling);
        const std::uint64_t events = bit(Field::firewall_event) | bit(Field::nat_event);
        when((plan_.fields & events) != 0, Finish::events);
        const std::uint64_t counts = bit(Field::bytes) | bit(Field::packets);
        when((plan_.reverse_fields & counts) != 0, Finish::reverse);
        plan_.fields &= ~bit(Field::sampling);  // set for records that have a rate
        const Role* section = of(forward_, Slot::section).role;
        if (section != nullptr) plan_.section = flow::SectionKind{section->form};
        const Role* frames = of(forward_, Slot::frame_bytes).role;
        const bool layer2 = frames != nullptr && frames->rank < best_of_samples;
        // A section becomes traffic when it was decoded.
        if (((plan_.fields | plan_.reverse_fields) & counts) == 0 && !layer2)
            plan_.kind = flow::RecordKind::event;
        plan_.serial = mix(wanted_ ^ mix_a, from_.id + 1ULL);
        for (const TemplateField& f : from_.fields) {
            const std::uint64_t word =
                std::uint64_t{f.enterprise} << 32U | std::uint64_t{f.id} << 16U | f.length;
            plan_.serial = mix(plan_.serial ^ word, mix_b) + mix_c;
        }
        plan_.serial |= 1U;  // 0 means: no plan
    }

    const Template& from_;
    std::uint64_t wanted_;
    Plan plan_;
    Candidates forward_{};
    Candidates reverse_{};
    std::array<bool, slot_count> filled_{};
};

}  // namespace

Plan compile(const Template& from, std::uint64_t wanted) { return Compiler(from, wanted).run(); }

}  // namespace octroi::ipfix
