// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Meters the flow records in a file: a capture of export traffic, or messages (datagram_file.hpp).
//
// The ledger contains a file once, whatever its name (meter/file). To continue from a cursor, the
// file is read from its beginning through the same decoders, and the frames before the cursor give
// no readings. So the state of the decoders need not be saved, and the rest gives exactly the
// readings of an undisturbed import. Checkpoints are after every checkpoint_frames frames; the
// driver may make others without a difference.

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "meter/file/once_meter.hpp"
#include "meter/file/position.hpp"
#include "meter/flow_file/flow_file.hpp"
#include "meter/normalize/flow_normalizer.hpp"

namespace octroi::flow_file {

// The same file read for its packets (meter/capture) is another source.
inline constexpr std::string_view flow_file_source_prefix = "flowfile:";
static_assert(is_content_source(flow_file_source_prefix));

struct FlowFileMeterOptions {
    normalize::FlowPolicy policy;
    // 0: at the end only.
    std::uint64_t checkpoint_frames = std::uint64_t{1} << 20U;
    // Secret, for hash tables. It has no influence on results.
    std::uint64_t seed = 0;
};

class FlowFileMeter final : public file::OnceMeter {
public:
    // known: the ledger's cursors with sources that begin with flow_file_source_prefix. Errors:
    // those of DatagramFile. The first pull may also return unsupported: messages without a time
    // (sFlow outside of a capture).
    [[nodiscard]] static Result<std::unique_ptr<FlowFileMeter>> open(
        const std::string& path, const FlowFileMeterOptions& options,
        std::span<const Cursor> known);

    [[nodiscard]] bool already_complete() const noexcept override { return already_complete_; }
    [[nodiscard]] std::uint64_t resumed_at() const noexcept override { return resumed_at_; }
    [[nodiscard]] const std::string& known_as() const noexcept override { return known_as_; }
    [[nodiscard]] const std::string& doubt() const noexcept override { return doubt_; }
    [[nodiscard]] const std::string& source() const noexcept override { return cursor_.source; }
    [[nodiscard]] std::uint64_t position() const noexcept override {
        return file_->datagrams().stream().position();
    }
    [[nodiscard]] std::uint64_t size() const noexcept override {
        return file_->datagrams().stream().status().size;
    }
    [[nodiscard]] std::uint64_t frames() const noexcept override {
        return begun_ ? file_->datagrams().frames() - resumed_at_ : 0;
    }
    [[nodiscard]] const std::string& warning() const noexcept override {
        return file_->datagrams().warning();
    }

    [[nodiscard]] Result<Pull> pull(ReadingSink& sink, Duration wait) override;
    [[nodiscard]] Result<Checkpoint> checkpoint(ReadingSink& sink) override;
    [[nodiscard]] const NameTable& names() const override { return normalizer_.names(); }
    [[nodiscard]] std::vector<CounterValue> counters() const override {
        return normalizer_.counters();
    }
    [[nodiscard]] const exporter::Exporters& exporters() const noexcept {
        return file_->exporters();
    }

private:
    FlowFileMeter(std::string path, const FlowFileMeterOptions& options,
                  std::unique_ptr<FlowFile> file);
    [[nodiscard]] Status recognise(std::span<const Cursor> known);
    [[nodiscard]] Result<bool> has_nothing_new();
    [[nodiscard]] Status skip_booked();
    [[nodiscard]] std::uint64_t next_stop() const noexcept;
    void add_losses(std::vector<Loss>& losses);
    [[nodiscard]] std::string note() const;

    std::string path_;  // for people
    FlowFileMeterOptions options_;
    std::unique_ptr<FlowFile> file_;
    normalize::FlowNormalizer normalizer_;

    file::Position at_;  // of the last checkpoint
    Cursor cursor_;
    bool begun_ = false;
    bool ended_ = false;
    bool already_complete_ = false;
    std::uint64_t resumed_at_ = 0;
    std::string known_as_;
    std::string doubt_;
};

}  // namespace octroi::flow_file
