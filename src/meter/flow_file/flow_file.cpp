// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/flow_file/flow_file.hpp"
#include "wire/flow/null_sink.hpp"

namespace octroi::flow_file {
namespace {

// Hands the messages of a file to the decoders.
class Feed final : public DatagramSink {
public:
    Feed(exporter::Exporters& exporters, flow::RecordSink& sink)
        : exporters_(exporters), sink_(sink) {}

    // The outcome is not used: Exporters counts what it could not decode.
    void datagram(const exporter::Datagram& datagram) override {
        exporters_.decode(datagram, sink_);
    }
    void message(const exporter::Datagram& message) override {
        exporters_.decode_message(message, sink_);
    }
    void session_ended(const Address& from, std::uint16_t session) override {
        exporters_.end_transport_session(from, session, sink_);
    }

private:
    exporter::Exporters& exporters_;
    flow::RecordSink& sink_;
};

}  // namespace

Result<std::unique_ptr<FlowFile>> FlowFile::open(const std::string& path, std::uint64_t seed) {
    TRY_ASSIGN(auto datagrams, DatagramFile::open(path));
    return std::unique_ptr<FlowFile>(new FlowFile(std::move(datagrams), seed));
}

exporter::Exporters FlowFile::new_exporters() const { return exporter::Exporters({.seed = seed_}); }

// The first pass decodes everything and drops the records. A pass over options data alone would
// need the templates just the same.
Status FlowFile::begin() {
    TRY(datagrams_->rewind());
    exporter::Exporters first_pass = new_exporters();
    flow::NullSink sink;
    Feed feed(first_pass, sink);
    for (bool more = true; more && datagrams_->can_read_ahead();) {
        TRY_ASSIGN(more, datagrams_->read(feed));
    }
    TRY(datagrams_->rewind());
    exporters_ = new_exporters();
    exporters_.set_fallback(first_pass.sampling());
    return {};
}

Result<bool> FlowFile::read(flow::RecordSink& sink, std::uint64_t up_to) {
    Feed feed(exporters_, sink);
    TRY_ASSIGN(const bool more, datagrams_->read(feed, up_to));
    if (!more) exporters_.flush(sink);
    return more;
}

}  // namespace octroi::flow_file
