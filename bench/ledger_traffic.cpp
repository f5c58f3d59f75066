// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger_traffic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "base/address.hpp"

namespace octroi::bench {
namespace {

constexpr std::uint32_t identities = accounts * identities_per_account;
constexpr std::uint32_t classes = 4;
constexpr std::uint32_t services = 20;
// A commit of a busy meter. There is at least one for each bucket of the month.
constexpr std::uint64_t batch_rows = 1000;
constexpr std::uint32_t first_address = 0x0A000000U;
constexpr std::uint32_t addresses_per_account = 8;  // a /29

std::string department_name(std::uint32_t number) { return fmt::format("d{:03}", number); }

auto place_of(const Transfer& t) { return std::tie(t.bucket, t.from, t.to, t.service); }

}  // namespace

std::string account_name(std::uint32_t number) { return fmt::format("a{:05}", number); }

DirectoryStore::Change site_directory() {
    DirectoryStore::Change change;
    for (std::uint32_t d = 0; d < departments; ++d)
        change.put_accounts.push_back({department_name(d), "", ""});
    for (std::uint32_t a = 0; a < accounts; ++a) {
        change.put_accounts.push_back({account_name(a), department_name(a % departments), ""});
        const Address first = Address::v4(first_address + a * addresses_per_account);
        change.add_bindings.push_back({0,
                                       {IdentityKind::prefix, to_string(Prefix::of(first, 29))},
                                       account_name(a),
                                       {UtcTime::min(), UtcTime::max()},
                                       true});
    }
    return change;
}

SiteTraffic::SiteTraffic(std::uint64_t rows)
    : rows_(rows), numbers_(identities + classes), active_(std::size_t{accounts} * year_days) {
    for (std::uint32_t i = 0; i < identities; ++i) {
        const std::uint32_t account = i / identities_per_account;
        const Address address = Address::v4(first_address + account * addresses_per_account +
                                            i % identities_per_account);
        parties_.push_back({PartyKind::account, account_name(account), to_string(address)});
    }
    for (std::uint32_t c = 0; c < classes; ++c)
        parties_.push_back({PartyKind::outside, fmt::format("class{}", c), ""});
    for (std::uint32_t s = 0; s < services; ++s) services_.push_back(fmt::format("service{}", s));
}

// The heaviest of 20 000 accounts gets 1 of 27 rows; half of all rows are those of 1 account in 8.
std::uint32_t SiteTraffic::any_identity() {
    const double u = std::uniform_real_distribution<double>(0, 1)(random_);
    return std::min(identities - 1, static_cast<std::uint32_t>(identities * std::pow(u, 3)));
}

// One of ten is between two accounts, the others go in or out.
Transfer SiteTraffic::any_transfer(const Interval& time) {
    Transfer t;
    const auto buckets = static_cast<std::uint64_t>((time.end - time.begin).ns / bucket_length.ns);
    t.bucket =
        time.begin + Duration{static_cast<std::int64_t>(random_() % buckets) * bucket_length.ns};
    t.from = any_identity();
    t.to = random_() % 10 == 0 ? any_identity()
                               : identities + static_cast<std::uint32_t>(random_() % classes);
    if (random_() % 2 == 0) std::swap(t.from, t.to);
    t.service = static_cast<std::uint32_t>(std::min(random_() % services, random_() % services));
    const std::uint64_t packets = 1 + (random_() >> (40 + random_() % 24));
    t.volume = {Bytes{packets * (40 + random_() % 1400)}, Packets{packets},
                Flows{1 + packets / 1000}};
    for (const std::uint32_t party : {t.from, t.to}) {
        if (party >= identities) continue;
        const auto day =
            static_cast<std::uint64_t>((t.bucket - year_begin).ns / 86'400'000'000'000);
        active_[std::size_t{party / identities_per_account} * year_days + day] = true;
    }
    return t;
}

std::uint32_t SiteTraffic::number_in(Batch& batch, std::uint32_t party) {
    if (numbers_[party] == 0) {
        batch.parties.push_back(parties_[party]);
        numbers_[party] = static_cast<std::uint32_t>(batch.parties.size());
    }
    return numbers_[party] - 1;
}

Batch SiteTraffic::make_batch(const Interval& time, std::uint64_t rows) {
    Batch batch;
    const std::uint64_t number = ++batches_;
    for (std::size_t i = 0; i < 8; ++i)
        batch.id.octets[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
    batch.meter = {"border", "collector"};
    batch.booked_at = time.end;
    batch.directory_version = 1;
    batch.services = services_;
    std::fill(numbers_.begin(), numbers_.end(), 0);
    for (std::uint64_t i = 0; i < rows; ++i) {
        Transfer t = any_transfer(time);
        t.from = number_in(batch, t.from);
        t.to = number_in(batch, t.to);
        batch.transfers.push_back(t);
        batch.observed += t.volume;
    }
    auto& all = batch.transfers;
    std::sort(all.begin(), all.end());
    std::size_t kept = 0;
    for (std::size_t i = 1; i < all.size(); ++i) {
        if (place_of(all[kept]) == place_of(all[i]))
            all[kept].volume += all[i].volume;
        else
            all[++kept] = all[i];
    }
    if (!all.empty()) all.resize(kept + 1);
    return batch;
}

Status SiteTraffic::make_batches(const Interval& time, std::uint64_t rows, Duration step,
                                 const std::function<Status(const Batch&)>& visit) {
    const auto steps = static_cast<std::uint64_t>((time.end - time.begin).ns / step.ns);
    std::uint64_t made = 0;
    for (std::uint64_t i = 0; i < steps; ++i) {
        const UtcTime begin = time.begin + Duration{static_cast<std::int64_t>(i) * step.ns};
        const std::uint64_t due = rows * (i + 1) / steps - made;
        made += due;
        const std::uint64_t parts = std::max<std::uint64_t>(1, due / batch_rows);
        for (std::uint64_t part = 0; part < parts; ++part)
            TRY(visit(
                make_batch({begin, begin + step}, due * (part + 1) / parts - due * part / parts)));
    }
    return {};
}

Status SiteTraffic::each_batch(const std::function<Status(const Batch&)>& visit) {
    TRY(make_batches({year_begin, month_begin}, rows_ / 10, Duration::hours(1), visit));
    return make_batches({month_begin, year_end}, rows_, bucket_length, visit);
}

std::uint64_t SiteTraffic::account_days() const {
    return static_cast<std::uint64_t>(std::count(active_.begin(), active_.end(), true));
}

}  // namespace octroi::bench
