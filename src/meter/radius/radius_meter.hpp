// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A RADIUS accounting server (RFC 2866): NAS report who has which address, and what the sessions
// carried. The volumes count only if the policy says so.
//
// A request is in the journal, and the journal is synced to the disk, before it is answered: a NAS
// repeats a request without an answer, so neither a kill nor a power cut loses one. Requests that
// are decoded again after a restart state the same events. Only requests of known clients with the
// right secret go into the journal (CheckedSource).
//
// All on the driver's thread. Requests that wait while a batch is committed are in the buffer of
// the socket.

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/clock.hpp"
#include "host/datagrams.hpp"
#include "host/folder.hpp"
#include "host/reply_sender.hpp"
#include "meter/journal/journal.hpp"
#include "meter/meter.hpp"
#include "meter/radius/accounting_sessions.hpp"
#include "meter/radius/checked_source.hpp"
#include "meter/radius/clients_file.hpp"
#include "meter/radius/event_time.hpp"
#include "meter/radius/recent_requests.hpp"
#include "meter/state/state_files.hpp"
#include "record/volume_limits.hpp"

namespace octroi::radius_meter {

inline constexpr std::string_view radius_source_prefix = "radius:";

// RadiusMeter::counters() has these in this order.
inline constexpr std::array<CounterInfo, 18> radius_counters = {{
    {"radius_requests_total", "Accounting-Requests of known clients with the right secret."},
    {"radius_duplicates_total", "Of these, those that the client had sent before."},
    {"radius_other_total", "Of these, those about something else than a session."},
    {"radius_responses_total", "Accounting-Responses that were sent."},
    {"radius_unsent_total", "Accounting-Responses that the kernel did not send."},
    {"radius_unknown_client_total", "Datagrams of addresses that are no client. Not answered."},
    {"radius_wrong_secret_total",
     "Requests that were not made with the secret of the client. Not answered."},
    {"radius_malformed_total",
     "Datagrams of clients that are no whole Accounting-Request. Not answered."},
    {"radius_refused_values_total", "Attributes with a value that they cannot have. Not used."},
    {"radius_corrected_times_total",
     "Requests with a time more than five minutes from their receipt. One that is ahead, or that a "
     "clock which was never set has made, is not used: the receipt counts. One of more than a day "
     "before states nothing."},
    {"radius_late_total", "Requests that are older than another one of their session."},
    {"radius_outside_total", "Addresses outside of `networks`."},
    {"radius_bad_users_total", "Requests with a user name that no identity can have."},
    {"radius_evicted_total", "Sessions that were dropped because there were too many."},
    {"radius_events_total", "Changes of the holder of an address that were stated."},
    {"radius_sessions", "Sessions that have not ended."},
    {"radius_implausible_total",
     "Volumes of sessions that no link carries in the time: @excluded/implausible."},
    {"radius_socket_drops_total", "Datagrams that the kernel dropped: the buffer was full."},
}};

struct RadiusMeterOptions {
    std::string meter;   // its name, for the log
    std::string folder;  // of the journal and the state; made where it is missing
    journal::Options journal;
    std::string ledger_id;  // that the journal belongs to (Store::ledger_id()); empty: any
    ClientsFile clients;
    SessionPolicy policy;
    std::uint64_t seed = 0;  // secret, for hash tables; has no influence on results
};

class RadiusMeter final : public Meter {
public:
    // known: cursors with sources that begin with radius_source_prefix. The clock must outlive the
    // meter. replies may refer to the socket of `source`. Errors: busy (another process has the
    // folder), conflict (the journal belongs to another ledger), those of files. State that cannot
    // be read is no error: notice() says what it means.
    [[nodiscard]] static Result<std::unique_ptr<RadiusMeter>> open(
        RadiusMeterOptions options, std::unique_ptr<DatagramSource> source,
        std::unique_ptr<ReplySender> replies, std::span<const Cursor> known, const Clock& clock);

    [[nodiscard]] Result<Pull> pull(ReadingSink& sink, Duration wait) override;
    [[nodiscard]] Result<Checkpoint> checkpoint(ReadingSink& sink) override;
    void committed() override;
    [[nodiscard]] const NameTable& names() const override { return names_; }
    [[nodiscard]] std::vector<CounterValue> counters() const override;

    [[nodiscard]] const std::string& notice() const noexcept { return notice_; }

private:
    // Of single requests; AccountingSessions has the others.
    struct Counts {
        std::uint64_t requests = 0;
        std::uint64_t duplicates = 0;
        std::uint64_t other = 0;
        std::uint64_t responses = 0;
        std::uint64_t unsent = 0;
        std::uint64_t unknown_client = 0;
        std::uint64_t wrong_secret = 0;
        std::uint64_t malformed = 0;
        std::uint64_t refused_values = 0;
        std::uint64_t corrected_times = 0;
        std::uint64_t implausible = 0;
    };

    struct Checked {
        radius::Packet packet;    // refers to the message
        std::string_view secret;  // valid until the clients are read again
    };

    RadiusMeter(RadiusMeterOptions options, OwnFolder folder,
                std::unique_ptr<DatagramSource> source, std::unique_ptr<ReplySender> replies,
                const Clock& clock);
    [[nodiscard]] Status resume(std::span<const Cursor> known);
    [[nodiscard]] Status check_ledger() const;
    void report_damage(std::string text);
    void add_loss(const SessionLoss& loss);
    void refresh_clients();
    // Returns the number of datagrams that were taken from the socket.
    [[nodiscard]] Result<std::size_t> receive();
    [[nodiscard]] bool waits_for_clients() const;
    // Returns the number of messages.
    [[nodiscard]] std::size_t decode(std::size_t messages_max, ReadingSink& sink);
    // Whether it is an Accounting-Request of a client with its secret; counts it if not.
    [[nodiscard]] std::optional<Checked> check(const journal::Message& message);
    void on_message(const journal::Message& message);
    void on_request(const radius::Packet& packet, std::string_view secret,
                    const journal::Message& message);
    void report_doubtful_time(const Address& client, const EventTime& time);
    void add_volume_loss(const radius::Accounting& accounting, UtcTime received);
    void hand_over(ReadingSink& sink);
    void add_readings(const SessionTraffic& traffic, std::vector<Reading>& readings);
    void answer(const radius::Packet& packet, std::string_view secret,
                const journal::Message& message);

    RadiusMeterOptions options_;
    OwnFolder folder_;
    std::unique_ptr<CheckedSource> source_;
    std::unique_ptr<ReplySender> replies_;
    const Clock& clock_;
    StateFiles states_;
    std::unique_ptr<journal::Journal> journal_;
    AccountingSessions sessions_;
    RecentRequests recent_;
    NameTable names_;
    ObservedVolume observed_;
    Counts counts_;
    Cursor cursor_;
    std::vector<Loss> losses_;   // for the next checkpoint
    journal::Position reached_;  // of the last checkpoint
    std::string state_;          // that the cursor of the last checkpoint names
    bool has_changed_ = true;    // since the last checkpoint
    std::string notice_;
};

}  // namespace octroi::radius_meter
