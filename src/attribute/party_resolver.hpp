// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Finds the party at each end of a reading or counted volume at a time, with the directory, the
// class table and the meter's names. Used on the meter's thread.
//
// Each party has a number, valid until replace(): first those of the directory, then the classes,
// the built-in classes, the reasons for exclusion, @unattributed without an identity, and last the
// parties that are added when they are first seen (single addresses, names). Duplicates
// (attribute/duplicate_filter.hpp) keep the address that makes them one: such parties come before
// those that are added.
//
// An end takes two steps. find() only looks up, so that the accept pipeline can wait for the memory
// of many readings at the same time; number_of() may add a party.
//
// The first identity that is bound decides: near name (user, domain…), single address, MAC, longest
// prefix, next hop, VLAN, interface, AS. Of addresses, MACs and prefixes the binding is asked
// first, then the sessions. An end without a bound identity is a built-in class, or
// @unattributed in a local network or under a near name, or a class of the class table.

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "attribute/class_table.hpp"
#include "attribute/directory.hpp"
#include "attribute/duplicate_filter.hpp"
#include "attribute/resolved_names.hpp"
#include "attribute/seen_parties.hpp"
#include "attribute/services.hpp"
#include "attribute/session_table.hpp"
#include "record/counted_volume.hpp"
#include "record/identity.hpp"
#include "record/reading.hpp"
#include "record/transfer.hpp"

namespace octroi {

class PartyResolver {
public:
    using DirectoryPtr = std::shared_ptr<const CompiledDirectory>;
    using ClassesPtr = std::shared_ptr<const CompiledClasses>;
    using ServicesPtr = std::shared_ptr<const CompiledServices>;

    // The result of find() for one end. key is null: `number` is the party. Else the party is in
    // SeenParties under (owner `number`, *key), or will be added there.
    struct End {
        const Address* key = nullptr;
        std::uint32_t number = 0;
        std::uint64_t hash = 0;  // of owner and key
        // Of a held prefix or MAC address: `key` is its number.
        const HeldSessions* held = nullptr;
    };
    // Keys point into the reading, or into the resolver until the next set_names().
    struct Ends {
        End from;
        End to;
        Interval valid;  // in which the result holds for both ends
    };

    // seed: of the hash tables; secret, so that nobody can choose traffic that collides. memory
    // must outlive it.
    PartyResolver(DirectoryPtr directory, ClassesPtr classes, ServicesPtr services,
                  std::uint64_t seed, std::pmr::memory_resource& memory);
    // Party numbers are void afterwards.
    void replace(DirectoryPtr directory, ClassesPtr classes, ServicesPtr services);
    // null: there are none. Party numbers stay valid. No End of find() may be in use.
    void use_sessions(SessionsPtr sessions) { sessions_ = std::move(sessions); }
    void set_names(std::span<const Name> names);
    // Traffic that is @excluded/duplicate. To be called before the first find().
    void set_duplicates(DuplicateFilter duplicates);
    void rename(NameRef ref, const Name& name) { names_.rename(ref, name); }
    void reserve(std::size_t seen) { seen_.reserve(seen); }
    // Drops the parties seen. Party numbers are void afterwards.
    void drop_seen() noexcept {
        seen_.reset();
        held_names_.clear();
    }

    // Writes the result in place: a copy would cost as much as the look-up.
    void find(const Reading& reading, UtcTime time, Ends& ends) const;
    void find(const CountedVolume& volume, UtcTime time, Ends& ends) const;
    // After find(): excludes a duplicate in this service.
    void exclude_duplicate(const Reading& reading, std::uint32_t service, UtcTime time,
                           Ends& ends) const {
        if (!duplicates_.empty()) [[unlikely]]
            exclude_known_duplicate(reading, service, time, ends);
    }
    void exclude_duplicate(const CountedVolume& volume, std::uint32_t service, UtcTime time,
                           Ends& ends) const {
        if (!duplicates_.empty()) [[unlikely]]
            exclude_known_duplicate(volume, service, time, ends);
    }
    [[nodiscard]] std::uint32_t number_of(const End& end) {
        if (end.key == nullptr) return end.number;
        if (end.held != nullptr) [[unlikely]]
            held_names_.try_emplace(end.held->number, identity_text(end.held->held));
        return bases_.seen + seen_.row_of(end.number, *end.key, end.hash);
    }

    // All party numbers are smaller.
    [[nodiscard]] std::uint32_t end() const noexcept {
        return bases_.seen + static_cast<std::uint32_t>(seen_.size());
    }
    [[nodiscard]] Party party(std::uint32_t number) const;

    [[nodiscard]] const CompiledDirectory& directory() const noexcept { return *directory_; }
    [[nodiscard]] const CompiledClasses& classes() const noexcept { return *classes_; }
    [[nodiscard]] const ResolvedNames& names() const noexcept { return names_; }
    [[nodiscard]] const SeenParties& seen() const noexcept { return seen_; }
    [[nodiscard]] const SessionsPtr& sessions() const noexcept { return sessions_; }

private:
    // Names of PartyKind::excluded, indexed by Reason.
    static constexpr std::array<std::string_view, 7> reasons = {
        "non-ip", "malformed", "duplicate", "loopback", "dropped", "implausible", "no-user-needed"};
    enum Reason : std::uint32_t {
        reason_non_ip,
        reason_malformed,
        reason_duplicate,
        reason_loopback,
        reason_dropped,
        reason_implausible,
        reason_no_user_needed,
        not_excluded
    };
    // Owners in SeenParties with this bit have a name as key. The other bits are an owner of the
    // directory that has the name as its identity, or one of the two values below.
    static constexpr std::uint32_t name_mark = 0x80000000U;
    // Of the others, those with this bit have a held prefix or MAC address as key. The other bits
    // are the owner.
    static constexpr std::uint32_t held_mark = 0x40000000U;
    static constexpr std::uint32_t unattributed_name = 0xFFFFFFFFU;
    static constexpr std::uint32_t class_name = 0xFFFFFFFEU;

    struct Bases {
        std::uint32_t classes = 0;
        std::uint32_t builtin = 0;
        std::uint32_t excluded = 0;
        std::uint32_t unnamed = 0;  // one: @unattributed without an identity
        std::uint32_t duplicates = 0;
        std::uint32_t seen = 0;
    };
    struct Answers {
        CompiledDirectory::Answer from;
        CompiledDirectory::Answer to;
    };
    // What the record states for an end beside its address. A source has no next hop.
    struct Stated {
        std::uint32_t as = 0;
        NameRef next_hop = no_name;
    };

    void number_parties();
    void list_parties_of_owners();
    void list_names(NameRef first);                                  // rows from that one on
    [[nodiscard]] static std::uint32_t exclusion(ReadingKind kind);  // a Reason
    void exclude(std::uint32_t reason, Ends& ends) const;
    [[nodiscard]] bool is_excluded(const End& end) const noexcept {
        return end.key == nullptr && end.number >= bases_.excluded && end.number < bases_.unnamed;
    }
    void exclude_known_duplicate(const Reading& reading, std::uint32_t service, UtcTime time,
                                 Ends& ends) const;
    void exclude_known_duplicate(const CountedVolume& volume, std::uint32_t service, UtcTime time,
                                 Ends& ends) const;
    void exclude(const DuplicateFilter::Match& match, Ends& ends) const;
    // Of ReadingKind::no_user_needed: nothing is bound to the near end, so nobody is charged.
    void exclude_unbound(const Reading& reading, const Answers& answers, Ends& ends) const;
    void bind_by_links(const Reading& reading, UtcTime time, Answers& answers) const;
    // Applies reading.near_name, which ranks before the address.
    void bind_near_name(const Reading& reading, UtcTime time, Answers& answers, Ends& ends) const;
    [[nodiscard]] CompiledDirectory::Answer find_name(NameRef ref, UtcTime time) const;
    [[nodiscard]] CompiledDirectory::Answer find_identity(const ResolvedName& name,
                                                          UtcTime time) const;
    [[nodiscard]] CompiledDirectory::Answer find_link(NameRef ref, UtcTime time) const;
    [[nodiscard]] bool near_is_source(const Reading& reading, bool& known) const;
    void set_end(End& end, const CompiledDirectory::Answer& answer, const Address& address,
                 Stated stated) const;
    void set_end(End& end, const CompiledDirectory::Target& target, const Address& address) const;
    // An end that the sessions of a prefix or MAC address decided.
    void set_held(End& end, const CompiledDirectory::Answer& answer) const;
    void set_local(End& end, NameRef ref, UtcTime time, Interval& valid) const;
    void set_far(End& end, NameRef ref, UtcTime time, Interval& valid) const;
    // An end with the name of an identity. answer: of its bindings.
    void set_named(End& end, const ResolvedName& name,
                   const CompiledDirectory::Answer& answer) const;
    void set_unlisted(End& end, const ResolvedName& name) const;
    void set_seen(End& end, std::uint32_t owner, const Address& key) const;
    void set_per_address(End& end, std::uint32_t owner, const ResolvedName& name) const;
    [[nodiscard]] bool is_loopback_name(NameRef ref) const noexcept;
    [[nodiscard]] std::uint32_t class_of(const Address& address, Stated stated) const;
    [[nodiscard]] Party seen_party(const SeenParties::Row& row) const;

    DirectoryPtr directory_;
    ClassesPtr classes_;
    ServicesPtr services_;
    DuplicateFilter duplicates_;
    SessionsPtr sessions_;
    ResolvedNames names_;
    Bases bases_;
    std::vector<std::uint32_t> class_parties_;  // by index of classes_->names()
    // Parties of the directory that set_per_address() could make again: by identity and owner.
    std::map<std::pair<std::string, std::uint32_t>, std::uint32_t> listed_;
    // The same by owner << 32 | row of the name.
    boost::unordered_flat_map<std::uint64_t, std::uint32_t> listed_names_;
    // All parties of the directory, made when a held prefix or MAC address is first seen.
    mutable std::map<std::pair<std::string, CompiledDirectory::Owner>, std::uint32_t> all_listed_;
    boost::unordered_flat_map<std::uint32_t, std::string> held_names_;  // of those in seen_
    SeenParties seen_;
};

}  // namespace octroi
