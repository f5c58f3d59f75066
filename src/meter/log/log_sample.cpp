// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/log_sample.hpp"

namespace octroi::logs {

LogSample sample_lines(logline::LineReader& reader, std::string_view text) {
    LogSample sample;
    logline::Entry entry;
    for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
        const logline::LineResult result = reader.read(text.substr(0, end), entry);
        text.remove_prefix(end + 1);
        switch (result.kind) {
            case logline::LineKind::other:
                ++sample.other;
                break;
            case logline::LineKind::bad:
                if (sample.bad++ == 0) sample.first_bad = result.reason;
                break;
            case logline::LineKind::identity:
                ++sample.other;  // no traffic
                break;
            case logline::LineKind::traffic:
                ++sample.traffic;
                sample.has_client =
                    sample.has_client || (!entry.client.text.empty() && entry.client.text != "-");
                if (!entry.domain.empty() && entry.domain_unverified)
                    sample.client_domain = entry.domain;
                sample.has_domain =
                    sample.has_domain || (!entry.domain.empty() && !entry.domain_unverified);
                sample.states_in = sample.states_in || entry.in.stated || entry.both.stated;
                break;
        }
    }
    return sample;
}

}  // namespace octroi::logs
