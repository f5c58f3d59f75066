// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/live_export.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/log.hpp"
#include "host/log_limit.hpp"
#include "service/flow_export.hpp"

namespace octroi {
namespace {

// How long flows wait for a full message at most.
constexpr Duration flush_interval = Duration::seconds(1);
constexpr Duration log_interval = Duration::minutes(1);
// How long a slow collector may delay the meter.
constexpr Duration patience = Duration::milliseconds(100);

constinit LimitedLog export_failures("export_failure");

struct Outlet {
    std::string to;
    std::unique_ptr<FlowExport> out;
    std::uint64_t not_sent_logged = 0;
};

class ExportingMeter final : public Meter {
public:
    ExportingMeter(std::string name, std::unique_ptr<Meter> meter, std::vector<Outlet> outlets,
                   const Clock& clock)
        : name_(std::move(name)),
          meter_(std::move(meter)),
          outlets_(std::move(outlets)),
          clock_(clock) {}
    ~ExportingMeter() override {
        for (Outlet& outlet : outlets_) {
            const Status left = outlet.out->finish(clock_.now());
            const auto counts = outlet.out->counts();
            log(left && counts.not_sent == 0 ? LogLevel::info : LogLevel::warning,
                fmt::format("meter {}: {} flows exported to {}, {} messages not sent{}", name_,
                            counts.encoded.records, outlet.to, counts.not_sent,
                            left ? "" : "; " + left.error().text));
        }
    }
    ExportingMeter(const ExportingMeter&) = delete;
    ExportingMeter& operator=(const ExportingMeter&) = delete;

    Result<Pull> pull(ReadingSink& sink, Duration wait) override {
        Tee tee(*this, sink);
        auto outcome = meter_->pull(tee, wait);
        flush_and_report();
        return outcome;
    }
    Result<Checkpoint> checkpoint(ReadingSink& sink) override {
        Tee tee(*this, sink);
        return meter_->checkpoint(tee);
    }
    void on_stop() override { meter_->on_stop(); }
    void committed() override { meter_->committed(); }
    void use_tables(const SourceTablesPtr& tables) override { meter_->use_tables(tables); }
    void use_rules(const RulesPtr& rules) override { meter_->use_rules(rules); }
    const NameTable& names() const override { return meter_->names(); }
    std::vector<CounterValue> counters() const override { return meter_->counters(); }

private:
    class Tee final : public ReadingSink {
    public:
        Tee(ExportingMeter& owner, ReadingSink& sink) : owner_(owner), sink_(sink) {}
        void accept(std::span<const Reading> readings) override {
            sink_.accept(readings);
            owner_.send(readings);
        }
        // No flows: they go to the ledger only.
        void accept_counted(std::span<const CountedVolume> volumes) override {
            sink_.accept_counted(volumes);
        }
        void accept_identities(std::span<const IdentityEvent> events) override {
            sink_.accept_identities(events);
        }

    private:
        ExportingMeter& owner_;
        ReadingSink& sink_;
    };

    void send(std::span<const Reading> readings) {
        // Never before the end of a flow: the formats state flow times relative to the export time.
        UtcTime exported = clock_.now();
        for (const Reading& reading : readings) exported = std::max(exported, reading.last);
        for (Outlet& outlet : outlets_) outlet.out->accept(readings, meter_->names(), exported);
    }
    void flush_and_report() {
        const Duration now = clock_.uptime();
        if (now < flush_at_) return;
        flush_at_ = now + flush_interval;
        for (Outlet& outlet : outlets_) outlet.out->flush(clock_.now());
        if (now < log_at_) return;
        for (Outlet& outlet : outlets_) {
            const auto error = outlet.out->pop_error();
            if (!error) continue;
            log_at_ = now + log_interval;
            const std::uint64_t not_sent = outlet.out->counts().not_sent;
            const std::uint64_t more = not_sent - std::exchange(outlet.not_sent_logged, not_sent);
            export_failures.warning([&] {
                return fmt::format("meter {}: {}: {} messages not sent", name_, error->text, more);
            });
        }
    }

    std::string name_;
    std::unique_ptr<Meter> meter_;
    std::vector<Outlet> outlets_;
    const Clock& clock_;
    Duration flush_at_;
    Duration log_at_;
};

}  // namespace

Result<std::unique_ptr<Meter>> with_exports(const std::vector<ExportConfig>& exports,
                                            const std::string& meter_name, std::uint32_t domain,
                                            std::unique_ptr<Meter> meter, const Clock& clock) {
    std::vector<Outlet> outlets;
    for (const ExportConfig& wanted : exports) {
        if (!wanted.meter.empty() && wanted.meter != meter_name) continue;
        const ExportSettings settings{
            .to = wanted.to, .format = wanted.format, .domain = domain, .patience = patience};
        TRY_ASSIGN(auto out, FlowExport::open(settings, clock));
        outlets.push_back({to_string(wanted.to), std::move(out)});
        log_info(fmt::format("meter {}: exported to {}", meter_name, outlets.back().to));
    }
    if (outlets.empty()) return meter;
    return std::make_unique<ExportingMeter>(meter_name, std::move(meter), std::move(outlets),
                                            clock);
}

}  // namespace octroi
