// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The flow records in a file, in two passes: options data that say how an exporter samples may
// stand behind the records they are about, so the first pass only learns the rates.

#include <cstdint>
#include <memory>
#include <string>

#include "meter/flow_file/datagram_file.hpp"
#include "wire/exporter/exporters.hpp"

namespace octroi::flow_file {

class FlowFile {
public:
    // seed: of the exporters' tables; has no influence on results. Errors as DatagramFile.
    [[nodiscard]] static Result<std::unique_ptr<FlowFile>> open(const std::string& path,
                                                                std::uint64_t seed);

    // Begins at the beginning, with empty templates and with the rates that the whole file tells;
    // of what can be read only once, the part that can be kept. To be called before read().
    [[nodiscard]] Status begin();
    // Reads on for a block, at most up to that frame. false: the file has ended, and all that was
    // held back is handed over.
    [[nodiscard]] Result<bool> read(flow::RecordSink& sink, std::uint64_t up_to = UINT64_MAX);

    // As at the end, though more was read or will be.
    void flush(flow::RecordSink& sink) { exporters_.flush(sink); }

    [[nodiscard]] DatagramFile& datagrams() noexcept { return *datagrams_; }
    [[nodiscard]] const DatagramFile& datagrams() const noexcept { return *datagrams_; }
    [[nodiscard]] const exporter::Exporters& exporters() const noexcept { return exporters_; }

private:
    FlowFile(std::unique_ptr<DatagramFile> datagrams, std::uint64_t seed)
        : datagrams_(std::move(datagrams)), seed_(seed) {}
    [[nodiscard]] exporter::Exporters fresh() const;

    std::unique_ptr<DatagramFile> datagrams_;
    std::uint64_t seed_;
    exporter::Exporters exporters_;
};

}  // namespace octroi::flow_file
