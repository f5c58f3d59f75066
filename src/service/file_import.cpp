// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/file_import.hpp"

#include <fmt/format.h>

#include "base/saturated_sum.hpp"
#include "host/log.hpp"
#include "service/attribution.hpp"
#include "service/metering_loop.hpp"
#include "service/precedence.hpp"
#include "view/units.hpp"

namespace octroi {
namespace {

constexpr Duration progress_interval = Duration::milliseconds(200);

// Commits the batches of one file.
class ImportTarget final : public BatchTarget {
public:
    ImportTarget(const ImportSettings& settings, const file::OnceMeter& meter, Store& store,
                 AttributionSource& attribution, const Clock& clock, ImportedFile& outcome)
        : settings_(settings),
          meter_(meter),
          store_(store),
          attribution_(attribution),
          clock_(clock),
          outcome_(outcome) {}

    bool go_on() override {
        report_progress();
        // Only where a batch was committed: the cursor of any other place costs the next import
        // nothing less, and cuts flows in two.
        const bool stop = has_committed_ && settings_.stop_requested && settings_.stop_requested();
        has_committed_ = false;
        if (stop) outcome_.state = ImportState::stopped;
        return !stop;
    }
    [[nodiscard]] std::optional<Duration> commit_interval() const override { return std::nullopt; }
    [[nodiscard]] bool is_ready() const override { return true; }
    Status put(Batch batch) override {
        has_committed_ = true;
        if (batch.cursors.empty()) return {};  // nothing was read
        TRY(attribution_.drop_known_identities(batch));
        TRY_ASSIGN([[maybe_unused]] const CommitOutcome done, store_.commit(batch));
        log_committed(batch);
        outcome_.identities += batch.identities.size();
        add_saturated(outcome_.volume, batch.observed);
        ++outcome_.batches;
        return {};
    }

private:
    void report_progress() {
        const Duration now = clock_.uptime();
        if (!settings_.progress || now - reported_at_ < progress_interval) return;
        reported_at_ = now;
        settings_.progress(meter_);
    }

    const ImportSettings& settings_;
    const file::OnceMeter& meter_;
    Store& store_;
    AttributionSource& attribution_;
    const Clock& clock_;
    ImportedFile& outcome_;
    Duration reported_at_;
    bool has_committed_ = false;  // since the last pull
};

class FileImport {
public:
    FileImport(const ImportSettings& settings, Store& store, AttributionSource& attribution,
               const Clock& clock)
        : settings_(settings), store_(store), attribution_(attribution), clock_(clock) {}

    Result<ImportedFile> import(const std::string& file) {
        TRY_ASSIGN(const auto known, store_.cursors(settings_.cursor_prefix));
        std::vector<Cursor> cursors;
        for (const auto& entry : known) cursors.push_back(entry.cursor);
        TRY_ASSIGN(const auto meter, settings_.open(file, cursors));
        TRY(refuse_file_of_another_meter(file, *meter, known));
        if (!meter->doubt().empty()) log_warning(meter->doubt());
        const bool continued = meter->resumed_at() > 0;
        ImportedFile outcome{.file = file,
                             .state = continued ? ImportState::continued : ImportState::imported};
        if (meter->already_complete()) {
            outcome.state = ImportState::already_imported;
            log_info(
                fmt::format("{}: already imported as {}: nothing to add", file, meter->known_as()));
            return outcome;
        }
        if (continued)
            log_info(
                fmt::format("{}: continues after frame {}", file, count_text(meter->resumed_at())));
        // The file before may have said who held the addresses of this one.
        TRY_ASSIGN([[maybe_unused]] const bool is_new, attribution_.refresh_sessions());
        ImportTarget target(settings_, *meter, store_, attribution_, clock_, outcome);
        MeteringLoop loop(settings_.meter, *meter, attribution_.tables(), target, clock_,
                          progress_interval);
        TRY(loop.run());
        outcome.frames = meter->frames();
        outcome.warning = meter->warning();
        if (!outcome.warning.empty()) log_warning(outcome.warning);
        return outcome;
    }

private:
    // The meter that began a file is the one that goes on with it.
    Status refuse_file_of_another_meter(const std::string& file, const file::OnceMeter& meter,
                                        const std::vector<Store::MeterCursor>& known) const {
        const std::string& own = settings_.meter.name;
        for (const auto& entry : known) {
            if (entry.cursor.source != meter.source() || entry.meter == own) continue;
            return fail(
                ErrorCode::conflict,
                fmt::format(
                    "{} was imported through meter {} ({}); through {} it would be counted twice. "
                    "To go on with it: --meter {}",
                    file, entry.meter, entry.cursor.note, own, entry.meter));
        }
        return {};
    }

    const ImportSettings& settings_;
    Store& store_;
    AttributionSource& attribution_;
    const Clock& clock_;
};

}  // namespace

std::string_view to_string(ImportState state) {
    switch (state) {
        case ImportState::imported:
            return "imported";
        case ImportState::continued:
            return "continued";
        case ImportState::already_imported:
            return "already imported";
        case ImportState::stopped:
            return "stopped";
    }
    return "";
}

Result<ImportOutcome> import_files(const std::vector<std::string>& files,
                                   const ImportSettings& settings, Config config, Ledger& ledger,
                                   const Clock& clock) {
    config.attribute.local.insert(config.attribute.local.end(), settings.local.begin(),
                                  settings.local.end());
    TRY(put_configured_classes(config, ledger, clock.now()));
    // The interfaces of this machine say nothing about the place where a file was recorded.
    TRY_ASSIGN(auto attribution, AttributionSource::create(config, ledger, private_networks()));
    TRY(attribution.use_identities(ledger, UtcTime::min()));
    if (attribution.assumed())
        log_info(
            "no network is declared local: private addresses count as local. Next: --local, or "
            "octroi "
            "network add");
    TRY_ASSIGN(auto duplicates, read_precedence(config, ledger));
    attribution.use_duplicates(std::move(duplicates));
    FileImport import(settings, ledger, attribution, clock);
    ImportOutcome outcome;
    for (const std::string& file : files) {
        auto imported = import.import(file);
        if (!imported) {
            outcome.failure = std::move(imported.error());
            break;
        }
        outcome.files.push_back(*std::move(imported));
        if (outcome.files.back().state != ImportState::stopped) continue;
        outcome.failure = Error{
            ErrorCode::interrupted,
            "stopped; the readings until then are in the ledger. Next: import again, it goes on "
            "there"};
        break;
    }
    return outcome;
}

}  // namespace octroi
