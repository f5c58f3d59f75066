// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The flow records in a file, in two passes: options data with a sampling rate may come after the
// records that it applies to, so a first pass reads the rates only.

#include <cstdint>
#include <memory>
#include <string>

#include "meter/flow_file/datagram_file.hpp"
#include "wire/exporter/exporters.hpp"

namespace octroi::flow_file {

class FlowFile {
public:
    // seed: secret, for hash tables; has no influence on results. Errors: those of DatagramFile.
    [[nodiscard]] static Result<std::unique_ptr<FlowFile>> open(const std::string& path,
                                                                std::uint64_t seed);

    // The first pass. Afterwards reading starts at the beginning, without templates and with the
    // rates of the whole file; of input that can be read only once, with those of the octets that
    // stay in memory. Call it before read(). Errors: those of reading.
    [[nodiscard]] Status begin();
    // Reads the next block, at most up to the frame of that number. False: the file has ended, and
    // gaps that decoders held back were reported. Errors: those of reading.
    [[nodiscard]] Result<bool> read(flow::RecordSink& sink, std::uint64_t up_to = UINT64_MAX);

    // Reports the gaps that decoders hold back, as at the end of the file.
    void flush(flow::RecordSink& sink) { exporters_.flush(sink); }

    [[nodiscard]] DatagramFile& datagrams() noexcept { return *datagrams_; }
    [[nodiscard]] const DatagramFile& datagrams() const noexcept { return *datagrams_; }
    [[nodiscard]] const exporter::Exporters& exporters() const noexcept { return exporters_; }

private:
    FlowFile(std::unique_ptr<DatagramFile> datagrams, std::uint64_t seed)
        : datagrams_(std::move(datagrams)), seed_(seed) {}
    [[nodiscard]] exporter::Exporters new_exporters() const;

    std::unique_ptr<DatagramFile> datagrams_;
    std::uint64_t seed_;
    exporter::Exporters exporters_;
};

}  // namespace octroi::flow_file
