// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/session_table.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <random>

#include "attribute/attributor.hpp"
#include "attribute/session_bindings.hpp"
#include "record/identity.hpp"

namespace octroi {
namespace {

constexpr UtcTime day{1'700'006'400'000'000'000};  // 2023-11-15T00:00:00Z
UtcTime at_minute(int minute) { return day + Duration::minutes(minute); }

Identity identity(const std::string& text) {
    return text.empty() ? Identity{} : *parse_identity(text);
}

// Events in the order of their commits.
class Events {
public:
    Events& add(UtcTime at, const std::string& held, const std::string& holder,
                UtcTime until = UtcTime::max(), const std::string& source = "radius") {
        events.push_back(
            {events.size() + 1, source, {at, identity(held), identity(holder), until}});
        return *this;
    }
    [[nodiscard]] SessionsPtr table() const { return SessionTable::with(nullptr, events); }
    std::vector<SessionInput> events;
};

Directory directory_with(const std::vector<std::pair<std::string, std::string>>& bindings) {
    Directory directory;
    std::uint64_t id = 0;
    for (const auto& [what, account] : bindings)
        directory.bindings.push_back({++id, identity(what), account, {}, false});
    return directory;
}

// The account of an address, and until when.
struct Found {
    std::string account;
    Interval valid;
};
Found find(const Directory& declared, const SessionsPtr& sessions, const std::string& address,
           UtcTime time, const std::string& mac = "") {
    const CompiledDirectory directory(declared);
    const auto answer = directory.find_address(
        *parse_address(address), mac.empty() ? Mac{} : *parse_mac(mac), time, sessions.get());
    return {answer.bound ? directory.owner_of(answer.target).name : "", answer.valid};
}

TEST(Sessions, AnAddressHasTheAccountOfItsHolderInItsTime) {
    const Directory directory = directory_with({{"user alice", "alice"}, {"user bob", "bob"}});
    Events events;
    events.add(at_minute(10), "10.1.2.3", "user alice")
        .add(at_minute(20), "10.1.2.3", "user bob", at_minute(40))
        .add(at_minute(50), "10.1.2.3", "user alice")
        .add(at_minute(60), "10.1.2.3", "");
    const auto account = [&](int minute) {
        return find(directory, events.table(), "10.1.2.3", at_minute(minute)).account;
    };
    EXPECT_EQ(account(9), "");
    EXPECT_EQ(account(10), "alice");
    EXPECT_EQ(account(19), "alice");
    EXPECT_EQ(account(20), "bob");
    EXPECT_EQ(account(40), "") << "the lease has ended";
    EXPECT_EQ(account(55), "alice");
    EXPECT_EQ(account(60), "") << "nobody";
    EXPECT_EQ(find(directory, events.table(), "10.1.2.3", at_minute(12)).valid,
              (Interval{at_minute(10), at_minute(20)}));
    EXPECT_EQ(find(directory, events.table(), "10.1.2.4", at_minute(12)).account, "");
}

TEST(Sessions, AMacAddressLeadsToItsUser) {
    const Directory directory = directory_with({{"user alice", "alice"}, {"user bob", "bob"}});
    const std::string mac = "mac 02:00:00:00:00:01";
    Events events;
    events.add(at_minute(0), "10.1.2.3", mac, UtcTime::max(), "arp")
        .add(at_minute(10), mac, "user alice")
        .add(at_minute(20), mac, "user bob");
    const auto found = [&](int minute) {
        return find(directory, events.table(), "10.1.2.3", at_minute(minute));
    };
    EXPECT_EQ(found(5).account, "");
    EXPECT_EQ(found(5).valid.end, at_minute(10)) << "an answer ends where the chain changes";
    EXPECT_EQ(found(15).account, "alice");
    EXPECT_EQ(found(15).valid, (Interval{at_minute(10), at_minute(20)}));
    EXPECT_EQ(found(25).account, "bob");
    // A frame with the MAC address, from an address without a session.
    EXPECT_EQ(
        find(directory, events.table(), "10.9.9.9", at_minute(15), "02:00:00:00:00:01").account,
        "alice");
}

TEST(Sessions, TheOrderOfBindingsAndSessions) {
    const std::string mac = "02:00:00:00:00:01";
    Events events;
    events.add(at_minute(0), "10.1.2.3", "user alice")
        .add(at_minute(0), "mac " + mac, "user bob")
        .add(at_minute(0), "10.1.0.0/16", "user carol");
    const auto account = [&](std::vector<std::pair<std::string, std::string>> more,
                             const std::string& address, const std::string& station) {
        for (const char* user : {"alice", "bob", "carol"})
            more.emplace_back(std::string("user ") + user, user);
        return find(directory_with(more), events.table(), address, at_minute(5), station).account;
    };
    EXPECT_EQ(account({}, "10.1.2.3", mac), "alice") << "an address before a MAC address";
    EXPECT_EQ(account({{"10.1.2.3", "direct"}}, "10.1.2.3", mac), "direct");
    EXPECT_EQ(account({{"mac " + mac, "station"}}, "10.1.2.3", mac), "alice");
    EXPECT_EQ(account({{"mac " + mac, "station"}}, "10.1.2.4", mac), "station");
    EXPECT_EQ(account({}, "10.1.2.4", mac), "bob");
    EXPECT_EQ(account({}, "10.1.2.4", ""), "carol");
    EXPECT_EQ(account({{"10.1.0.0/16", "net"}}, "10.1.2.4", ""), "net");
    EXPECT_EQ(account({{"10.0.0.0/8", "net"}}, "10.1.2.4", ""), "carol") << "the longer prefix";
    EXPECT_EQ(account({{"10.1.2.0/24", "net"}}, "10.1.2.4", ""), "net");
    EXPECT_EQ(account({{"10.1.2.0/24", "net"}}, "10.1.2.3", ""), "alice");
}

TEST(Sessions, OfSeveralSourcesTheUserAndThenTheLaterStatementDecides) {
    const Directory directory = directory_with(
        {{"user alice", "alice"}, {"user bob", "bob"}, {"mac 02:00:00:00:00:01", "station"}});
    Events events;
    events.add(at_minute(0), "10.1.2.3", "user alice")
        .add(at_minute(10), "10.1.2.3", "mac 02:00:00:00:00:01", UtcTime::max(), "arp")
        .add(at_minute(20), "10.1.2.3", "user bob", UtcTime::max(), "portal")
        .add(at_minute(30), "10.1.2.3", "", UtcTime::max(), "portal")
        .add(at_minute(40), "10.1.2.3", "");
    const auto account = [&](int minute) {
        return find(directory, events.table(), "10.1.2.3", at_minute(minute)).account;
    };
    EXPECT_EQ(account(15), "alice") << "a user before a MAC address";
    EXPECT_EQ(account(25), "bob");
    EXPECT_EQ(account(35), "alice") << "a source ends its own sessions only";
    EXPECT_EQ(account(45), "station");
}

TEST(Sessions, AHolderWithoutABindingDecidesNothing) {
    Events events;
    events.add(at_minute(0), "10.1.2.3", "user unknown");
    const Directory directory = directory_with({{"10.0.0.0/8", "net"}});
    EXPECT_EQ(find(directory, events.table(), "10.1.2.3", at_minute(5)).account, "net");
}

TEST(Sessions, OfTwoStatementsOfOneTimeTheLaterCommittedOneCounts) {
    const Directory directory = directory_with({{"user alice", "alice"}, {"user bob", "bob"}});
    Events events;
    events.add(at_minute(0), "10.1.2.3", "user alice").add(at_minute(0), "10.1.2.3", "user bob");
    EXPECT_EQ(find(directory, events.table(), "10.1.2.3", at_minute(5)).account, "bob");
}

std::string random_prefix(std::mt19937_64& random) {
    switch (random() % 3) {
        case 0:
            return "10.1.0.0/16";
        case 1:
            return "10.1." + std::to_string(random() % 2) + ".0/24";
        default:
            return "10.1." + std::to_string(random() % 2) + "." + std::to_string(random() % 4);
    }
}

TEST(Sessions, ThoseThatEndedAreRemovedAndTheOthersStay) {
    Events events;
    events.add(at_minute(0), "10.1.2.3", "user alice")
        .add(at_minute(5), "10.1.2.3", "user bob")
        .add(at_minute(20), "10.1.2.3", "user alice")
        .add(at_minute(0), "10.2.0.0/16", "user alice", at_minute(10))
        .add(at_minute(0), "10.1.2.4", "user alice")
        .add(at_minute(9), "10.1.2.4", "")
        .add(at_minute(0), "10.1.2.5", "user bob");
    const SessionsPtr all = events.table();
    const SessionsPtr left = SessionTable::without_ended(all, at_minute(10));
    EXPECT_EQ(all->held(), 4U);
    EXPECT_EQ(left->held(), 2U);
    EXPECT_EQ(left->number(), all->number());
    EXPECT_TRUE(left->prefix_lengths(Family::v4).empty());
    const auto key = *HeldKey::of(identity("10.1.2.3"));
    EXPECT_EQ(left->find(key)->events.size(), 2U);
    EXPECT_EQ(left->find(key)->number, all->find(key)->number);
    const Directory directory = directory_with({{"user alice", "alice"}, {"user bob", "bob"}});
    for (int minute = 10; minute < 30; ++minute)
        for (const char* address : {"10.1.2.3", "10.2.3.4", "10.1.2.4", "10.1.2.5"})
            EXPECT_EQ(find(directory, left, address, at_minute(minute)).account,
                      find(directory, all, address, at_minute(minute)).account)
                << address << " in minute " << minute;
    // A number is not used again: results of earlier readings refer to it.
    const SessionsPtr more = SessionTable::with(
        left, std::vector<SessionInput>{
                  {events.events.size() + 1,
                   "radius",
                   {at_minute(30), identity("10.2.0.0/16"), identity("user bob")}}});
    const auto prefix = *HeldKey::of(identity("10.2.0.0/16"));
    EXPECT_EQ(more->held(), 3U);
    EXPECT_GT(more->find(prefix)->number, all->find(*HeldKey::of(identity("10.1.2.5")))->number);
}

// Random directories and events: look-ups with sessions are those of a directory that has the
// sessions as bindings, and event by event is the same as all at once.
TEST(Sessions, AreTheSameAsBindings) {
    std::mt19937_64 random(7);
    const auto below = [&](std::uint64_t n) { return static_cast<int>(random() % n); };
    const auto any_mac = [&] { return "mac 02:00:00:00:00:0" + std::to_string(below(4)); };
    const auto any_user = [&] { return "user u" + std::to_string(below(5)); };
    const auto any_prefix = [&] { return random_prefix(random); };
    for (int round = 0; round < 200; ++round) {
        Directory declared;
        for (std::uint64_t id = 1; id <= 8; ++id) {
            const int kind = below(4);
            const std::string what = kind == 0 ? any_prefix() : kind == 1 ? any_mac() : any_user();
            const UtcTime from = at_minute(below(60));
            declared.bindings.push_back(
                {id,
                 identity(what),
                 "a" + std::to_string(below(4)),
                 {from, below(2) == 0 ? UtcTime::max() : from + Duration::minutes(below(60))},
                 false});
        }
        Events events;
        SessionsPtr growing;
        for (int i = 0; i < 20; ++i) {
            const bool is_mac = below(3) == 0;
            const std::string holder = below(8) == 0              ? ""
                                       : !is_mac && below(2) == 0 ? any_mac()
                                                                  : any_user();
            const UtcTime at = at_minute(below(60));
            events.add(at, is_mac ? any_mac() : any_prefix(), holder,
                       below(3) == 0 ? at + Duration::minutes(1 + below(30)) : UtcTime::max(),
                       below(2) == 0 ? "arp" : "radius");
            growing = SessionTable::with(growing, std::span(events.events).last(1));
        }
        const auto sessions = events.table();
        const CompiledDirectory plain(declared);
        Directory with_sessions = declared;
        for (const Binding& binding : session_bindings(plain, *sessions))
            with_sessions.bindings.push_back(binding);
        const CompiledDirectory expected(with_sessions);
        for (int minute = -1; minute < 100; ++minute) {
            const UtcTime time = at_minute(minute);
            const std::string address =
                "10.1." + std::to_string(below(2)) + "." + std::to_string(below(5));
            const Mac mac = below(2) == 0 ? Mac{} : *parse_mac(any_mac().substr(4));
            const auto account = [&](const CompiledDirectory& directory,
                                     const SessionTable* table) {
                const auto answer =
                    directory.find_address(*parse_address(address), mac, time, table);
                EXPECT_TRUE(answer.valid.contains(time));
                return answer.bound ? directory.owner_of(answer.target).name : std::string();
            };
            ASSERT_EQ(account(plain, sessions.get()), account(expected, nullptr)) << round;
            ASSERT_EQ(account(plain, growing.get()), account(expected, nullptr)) << round;
            const Prefix prefix = *parse_prefix(any_prefix());
            const auto found = plain.find_prefix(prefix, time, sessions.get());
            const auto same = expected.find_prefix(prefix, time);
            ASSERT_EQ(found.bound, same.bound) << round;
            if (found.bound) {
                ASSERT_EQ(plain.owner_of(found.target), expected.owner_of(same.target)) << round;
            }
        }
    }
}

// ---- the attributor

Reading reading_of(const std::string& src, UtcTime first, UtcTime last, std::uint64_t bytes) {
    Reading reading;
    reading.first = first;
    reading.last = last;
    reading.bytes = bytes;
    reading.packets = bytes;
    reading.flows = 1;
    reading.flow_slot = 1;
    reading.src = *parse_address(src);
    reading.dst = *parse_address("203.0.113.1");
    reading.direction = Direction::in;
    return reading;
}

Attributor attributor_with(const Directory& directory) {
    return Attributor(std::make_shared<const CompiledDirectory>(directory),
                      std::make_shared<const CompiledClasses>(),
                      std::make_shared<const CompiledServices>(), 1);
}

std::map<std::string, std::uint64_t> bytes_by_sender(Attributor& attributor) {
    const Attributed made = attributor.make_attributed();
    std::map<std::string, std::uint64_t> bytes;
    for (const Transfer& t : made.transfers) {
        const Party& from = made.parties[t.from];
        bytes[to_string(from) + " " + from.identity] += t.volume.bytes.value();
    }
    return bytes;
}

TEST(SessionsOfAMeter, AReadingIsSplitAtTheSecondInWhichTheHolderChanges) {
    const Directory directory = directory_with({{"user alice", "alice"}, {"user bob", "bob"}});
    const UtcTime change = day + Duration::hours(12) + Duration::seconds(3);  // 12:00:03
    Events events;
    events.add(at_minute(0), "10.1.2.3", "user alice").add(change, "10.1.2.3", "user bob");
    Attributor attributor = attributor_with(directory);
    attributor.use_sessions(events.table());
    const UtcTime noon = day + Duration::hours(12);
    const std::vector<Reading> readings = {
        // [12:00:00, 12:00:10): three of ten seconds are of alice.
        reading_of("10.1.2.3", noon, noon + Duration::seconds(10) - Duration{1}, 1000),
        reading_of("10.1.2.3", change - Duration{1}, change - Duration{1}, 7),
        reading_of("10.1.2.3", change, change, 11),
    };
    attributor.accept(readings);
    const auto bytes = bytes_by_sender(attributor);
    EXPECT_EQ(bytes.at("alice 10.1.2.3"), 307U);
    EXPECT_EQ(bytes.at("bob 10.1.2.3"), 711U);
}

TEST(SessionsOfAMeter, ChangeWithinABatchAndKeepItsRows) {
    const Directory directory = directory_with({{"user alice", "alice"}, {"user bob", "bob"}});
    const std::string mac = "mac 02:00:00:00:00:01";
    Attributor attributor = attributor_with(directory);
    Events events;
    events.add(at_minute(0), "10.1.2.3", "user alice").add(at_minute(0), mac, "user alice");
    const auto first = events.table();
    attributor.use_sessions(first);
    Reading station = reading_of("10.9.9.9", at_minute(1), at_minute(1), 5);
    station.src_mac = *parse_mac("02:00:00:00:00:01");
    station.flow_slot = 2;
    attributor.accept({{reading_of("10.1.2.3", at_minute(1), at_minute(1), 10), station}});
    events.add(at_minute(2), "10.1.2.3", "user bob").add(at_minute(2), mac, "user bob");
    attributor.use_sessions(SessionTable::with(first, events.events));
    station.first = station.last = at_minute(2);
    attributor.accept({{reading_of("10.1.2.3", at_minute(2), at_minute(2), 20), station}});
    const Attributed made = attributor.make_attributed();
    EXPECT_EQ(made.identities_known, 2U) << "the smallest of the batch";
    std::map<std::string, std::uint64_t> bytes;
    for (const Transfer& t : made.transfers) {
        const Party& from = made.parties[t.from];
        bytes[to_string(from) + " " + from.identity] += t.volume.bytes.value();
    }
    EXPECT_EQ(
        bytes,
        (std::map<std::string, std::uint64_t>{
            {"alice 10.1.2.3", 10}, {"alice " + mac, 5}, {"bob 10.1.2.3", 20}, {"bob " + mac, 5}}));
    EXPECT_EQ(attributor.make_attributed().identities_known, 4U);
}

TEST(SessionsOfAMeter, APartyThatABindingListsIsThereOnce) {
    Directory directory = directory_with({{"user alice", "alice"}, {"10.1.0.0/16", "alice"}});
    directory.bindings[1].valid = {at_minute(0), at_minute(2)};
    Events events;
    events.add(at_minute(2), "10.1.0.0/16", "user alice");
    Attributor attributor = attributor_with(directory);
    attributor.use_sessions(events.table());
    attributor.accept({{reading_of("10.1.2.3", at_minute(1), at_minute(1), 10),
                        reading_of("10.1.2.4", at_minute(3), at_minute(3), 20)}});
    const Attributed made = attributor.make_attributed();
    EXPECT_EQ(made.parties.size(), 2U);
    EXPECT_EQ(made.transfers.size(), 1U);
}

TEST(SessionsOfAMeter, EventsOfTheMeterAreCheckedAndHandedOver) {
    Attributor attributor = attributor_with({});
    const IdentityEvent good{at_minute(0), identity("10.1.2.3"), identity("user alice")};
    IdentityEvent nobody{at_minute(1), identity("10.1.2.3"), {IdentityKind::user, ""}};
    IdentityEvent not_canonical = good;
    not_canonical.held.value = "10.1.2.3";
    not_canonical.holder = {IdentityKind::mac, "2:0:0:0:0:1"};
    IdentityEvent not_held = good;
    not_held.held = identity("user bob");
    IdentityEvent ended = good;
    ended.until = good.at;
    const std::vector<IdentityEvent> events{nobody, good, good, not_canonical, not_held, ended};
    attributor.accept_identities(events);
    EXPECT_EQ(attributor.identities(), 3U);
    const Attributed made = attributor.make_attributed();
    nobody.holder = {};
    EXPECT_EQ(made.identities, (std::vector<IdentityEvent>{good, nobody}));
    for (const CounterValue& value : attributor.counters()) {
        if (value.name == "attribute_identities_total") {
            EXPECT_EQ(value.value, 6U);
        } else if (value.name == "attribute_refused_identities_total") {
            EXPECT_EQ(value.value, 3U);
        }
    }
    EXPECT_EQ(attributor.identities(), 0U);
}

TEST(SessionsOfAMeter, OfTwoEventsOfOneMomentTheLaterOneIsHandedOver) {
    Attributor attributor = attributor_with({});
    const IdentityEvent bob{at_minute(0), identity("10.1.2.3"), identity("user bob")};
    const IdentityEvent alice{at_minute(0), identity("10.1.2.3"), identity("user alice")};
    const IdentityEvent other{at_minute(0), identity("10.1.2.4"), identity("user bob")};
    attributor.accept_identities(std::vector{other, alice, bob});
    EXPECT_EQ(attributor.make_attributed().identities, (std::vector{bob, other}));
    attributor.accept_identities(std::vector{bob});
    attributor.accept_identities(std::vector{other, alice});
    EXPECT_EQ(attributor.make_attributed().identities, (std::vector{alice, other}));
    IdentityEvent nobody = bob;
    nobody.holder = {};
    attributor.accept_identities(std::vector{bob, nobody});
    EXPECT_EQ(attributor.make_attributed().identities, std::vector{nobody});
}

// An event per second must cost little, however many sessions there are: the table shares what has
// not changed. The bound is loose, for machines under load and builds without optimisation.
TEST(Sessions, AnEventAmongAHundredThousandSessionsCostsLittle) {
    constexpr int sessions = 100'000;
    std::vector<SessionInput> inputs;
    for (int i = 0; i < sessions; ++i)
        inputs.push_back(
            {static_cast<std::uint64_t>(i) + 1,
             "radius",
             {at_minute(0),
              {IdentityKind::prefix,
               to_string(Prefix::of(Address::v4(0x0a000000U + static_cast<std::uint32_t>(i)), 32))},
              {IdentityKind::user, "u" + std::to_string(i)}}});
    SessionsPtr table = SessionTable::with(nullptr, inputs);
    ASSERT_EQ(table->held(), std::size_t{sessions});
    constexpr int events = 1000;
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < events; ++i) {
        SessionInput next = inputs[static_cast<std::size_t>(i)];
        next.number = static_cast<std::uint64_t>(sessions + i) + 1;
        next.event.at = at_minute(1);
        next.event.holder = {IdentityKind::user, "other"};
        table = SessionTable::with(table, {&next, 1});
    }
    const auto each = (std::chrono::steady_clock::now() - begin) / events;
    EXPECT_LT(each, std::chrono::milliseconds(2)) << "of one event";
    RecordProperty("ns_per_event", static_cast<int>(each.count()));
    EXPECT_EQ(table->number(), std::uint64_t{sessions + events});
}

}  // namespace
}  // namespace octroi
