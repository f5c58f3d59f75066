// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Meters a capture file (pcap, pcapng, compressed or not) or standard input.
//
// A file is metered once, whatever its name: it is recognised by its content (meter/file). If it
// has grown, metering continues at its former end.
//
// Checkpoints are after every checkpoint_packets frames from the beginning of the file, and end all
// flows. So an import that was killed and continues at its last checkpoint gives exactly the
// readings that an undisturbed one gives from there. If the driver makes a checkpoint elsewhere (an
// orderly stop), bytes and packets are the same; a flow that is cut there counts as two.

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "meter/capture/counters.hpp"
#include "meter/capture/frame_aggregator.hpp"
#include "meter/file/once_meter.hpp"
#include "meter/file/position.hpp"
#include "meter/file/stream.hpp"
#include "meter/name_table.hpp"
#include "wire/pcap/reader.hpp"

namespace octroi::capture {

// Of the cursors' sources: captures read for their packets.
inline constexpr std::string_view file_source_prefix = "file:";
static_assert(is_content_source(file_source_prefix));

struct FileMeterOptions {
    AggregatorOptions aggregator;
    // 0: at the end only.
    std::uint64_t checkpoint_packets = std::uint64_t{1} << 23U;
    // Secret, for hash tables. It has no influence on results.
    std::uint64_t seed = 0;
};

class FileMeter final : public file::OnceMeter {
public:
    // known: the ledger's cursors with sources that begin with file_source_prefix. Errors: corrupt
    // (not a capture), unsupported (link type; or standard input that begins like a known file
    // and cannot be read twice), and those of reading.
    [[nodiscard]] static Result<std::unique_ptr<FileMeter>> open(const std::string& path,
                                                                 const FileMeterOptions& options,
                                                                 std::span<const Cursor> known);

    [[nodiscard]] bool already_complete() const noexcept override { return already_complete_; }
    [[nodiscard]] std::uint64_t resumed_at() const noexcept override { return resumed_at_; }
    [[nodiscard]] const std::string& known_as() const noexcept override { return known_as_; }
    [[nodiscard]] const std::string& doubt() const noexcept override { return doubt_; }
    [[nodiscard]] const std::string& source() const noexcept override { return cursor_.source; }
    [[nodiscard]] std::uint64_t position() const noexcept override { return stream_.position(); }
    [[nodiscard]] std::uint64_t size() const noexcept override { return stream_.status().size; }
    [[nodiscard]] std::uint64_t frames() const noexcept override {
        return aggregator_->totals().frames;
    }
    [[nodiscard]] const std::string& warning() const noexcept override { return warning_; }
    // 6 or 9: the digits of a second that its times have.
    [[nodiscard]] int time_digits() const noexcept { return reader_.time_digits(); }
    // Of the frames that this object has read.
    [[nodiscard]] const PacketTotals& totals() const noexcept { return aggregator_->totals(); }
    [[nodiscard]] const FlowTable& flows() const noexcept { return aggregator_->flows(); }

    [[nodiscard]] Result<Pull> pull(ReadingSink& sink, Duration wait) override;
    [[nodiscard]] Result<Checkpoint> checkpoint(ReadingSink& sink) override;
    [[nodiscard]] const NameTable& names() const override { return names_; }
    [[nodiscard]] std::vector<CounterValue> counters() const override;

private:
    FileMeter(std::string path, const FileMeterOptions& options, file::Stream stream,
              std::unique_ptr<FrameAggregator> aggregator);

    [[nodiscard]] Status probe();
    [[nodiscard]] Status recognise(std::span<const Cursor> known);
    [[nodiscard]] Status resume();

    template <bool HasInterfaces>
    pcap::Progress read_block();
    void process_batch();
    void name_interfaces();
    void finish(pcap::State state);
    [[nodiscard]] std::vector<Loss> losses();
    [[nodiscard]] std::string note() const;
    void set_next_stop() noexcept;

    std::string path_;
    FileMeterOptions options_;
    file::Stream stream_;
    std::unique_ptr<FrameAggregator> aggregator_;
    pcap::Reader reader_;
    ReadingBuffer out_;
    std::array<Sample, batch_size> batch_;
    std::size_t batched_ = 0;

    file::Position at_;  // of the last checkpoint
    Cursor cursor_;
    std::uint64_t frames_ = 0;     // of the file, from its beginning
    std::uint64_t next_stop_ = 0;  // the frame with the next checkpoint behind it
    std::int64_t last_time_ = 0;
    std::size_t needed_ = 1;
    std::size_t first_frame_end_ = 0;  // 0: not within the head of the file

    bool done_ = false;
    bool ended_ = false;
    bool damaged_ = false;
    bool already_complete_ = false;
    std::uint64_t resumed_at_ = 0;
    std::uint64_t reported_bad_blocks_ = 0;  // as losses
    std::string known_as_;
    std::string doubt_;
    std::string warning_;
    NameTable names_;  // the interfaces, in the order of the file
};

}  // namespace octroi::capture
