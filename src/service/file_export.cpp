// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/file_export.hpp"

#include <algorithm>

namespace octroi {
namespace {

constexpr Duration file_pull_wait = Duration::milliseconds(200);

// Collectors keep a flow at the time at which it was exported.
class ExportSink final : public FlowSink {
public:
    ExportSink(FlowExport& out, const Meter& meter, UtcTime& exported)
        : out_(out), meter_(meter), exported_(exported) {}

    void accept(std::span<const Reading> readings) override {
        for (const Reading& reading : readings) exported_ = std::max(exported_, reading.last);
        out_.accept(readings, meter_.names(), exported_);
    }

private:
    FlowExport& out_;
    const Meter& meter_;
    UtcTime& exported_;
};

Status check(FlowExport& out) {
    const auto error = out.pop_error();
    return error ? std::unexpected(*error) : Status();
}

Status export_file(Meter& meter, FlowExport& out, UtcTime& exported,
                   const std::function<bool()>& stop_requested) {
    ExportSink sink(out, meter, exported);
    for (bool ended = false; !ended;) {
        TRY_ASSIGN(const Pull pull, meter.pull(sink, file_pull_wait));
        ended = pull == Pull::end;
        TRY(check(out));
        if (stop_requested()) return fail(ErrorCode::interrupted, "stopped before the end");
    }
    // For the readings that the meter still holds. Nothing is committed, so the cursors are not
    // used.
    TRY_ASSIGN([[maybe_unused]] const Checkpoint end, meter.checkpoint(sink));
    return {};
}

}  // namespace

Result<FileExport> export_files(
    const std::vector<std::string>& files,
    const std::function<Result<std::unique_ptr<file::OnceMeter>>(const std::string& file)>& open,
    const ExportSettings& settings, const Clock& clock,
    const std::function<bool()>& stop_requested) {
    TRY_ASSIGN(const auto out, FlowExport::open(settings, clock));
    FileExport outcome;
    UtcTime exported = UtcTime::from_seconds(0);
    for (const std::string& file : files) {
        TRY_ASSIGN(const auto meter, open(file));
        TRY(export_file(*meter, *out, exported, stop_requested));
        if (!meter->warning().empty()) outcome.warnings.push_back(meter->warning());
    }
    TRY(out->finish(exported));
    TRY(check(*out));
    outcome.counts = out->counts();
    return outcome;
}

}  // namespace octroi
