// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/testing/folder.hpp"
#include "record/identity.hpp"
#include "service/ledger_url.hpp"

namespace octroi::testing {

inline constexpr UtcTime noon = UtcTime::from_seconds(1'700'049'600);  // 2023-11-15T12:00:00Z

// An empty ledger for one test.
class TemporaryLedger {
public:
    TemporaryLedger() {
        auto ledger = open_ledger(path(), {.mode = OpenMode::create});
        EXPECT_TRUE(ledger.has_value()) << ledger.error().text;
        if (ledger) ledger_ = *std::move(ledger);
    }
    [[nodiscard]] std::string path() const { return folder_.file("ledger.db"); }
    Ledger& operator*() const { return *ledger_; }
    Ledger* operator->() const { return ledger_.get(); }

    void bind(std::string_view identity, const std::string& account, Interval valid = {}) const {
        DirectoryStore::Change change;
        change.put_accounts = {{account, "", ""}};
        change.add_bindings = {{0, *parse_identity(identity), account, valid, false}};
        EXPECT_TRUE(ledger_->apply(change, noon).has_value());
    }
    void declare_local(const std::string& prefix) const {
        DirectoryStore::Change change;
        change.put_networks = {{prefix, true}};
        EXPECT_TRUE(ledger_->apply(change, noon).has_value());
    }
    // A batch of the meter `test` with one transfer of so many bytes from the first to the second
    // party, in the bucket that begins at `bucket`; and translations.
    void commit(std::vector<Party> parties, UtcTime bucket, std::uint64_t bytes,
                std::vector<Translation> translations = {}) {
        Batch batch;
        batch.id.octets[0] = static_cast<std::uint8_t>(++batches_);
        batch.meter = {"test", "capture", MeterRole::bill};
        batch.booked_at = noon;
        batch.parties = std::move(parties);
        batch.services = {"web"};
        const Volume volume{Bytes{bytes}, Packets{1}, Flows{1}};
        batch.transfers = {{.bucket = bucket, .from = 0, .to = 1, .service = 0, .volume = volume}};
        batch.translations = std::move(translations);
        batch.observed = volume;
        const auto outcome = ledger_->commit(batch);
        EXPECT_TRUE(outcome.has_value()) << outcome.error().text;
    }

private:
    const Folder folder_;
    std::unique_ptr<Ledger> ledger_;
    int batches_ = 0;
};

}  // namespace octroi::testing
