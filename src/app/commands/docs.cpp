// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/docs.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <memory>

#include "app/command_docs.hpp"
#include "app/commands.hpp"
#include "app/session.hpp"
#include "attribute/attributor.hpp"
#include "host/file.hpp"
#include "meter/collector/flow_rows.hpp"
#include "record/reading_rows.hpp"
#include "view/reference.hpp"

namespace octroi {
namespace {

std::string counters_text(MeterKinds kinds) {
    std::vector<CounterChapter> chapters;
    for (const MeterKind* kind : kinds)
        chapters.insert(chapters.end(), kind->counters.begin(), kind->counters.end());
    chapters.push_back({"Attribution", "From readings to transfers.", attribute_counters});
    return counters_markdown(chapters);
}

std::string rows_text() {
    const std::array chapters{
        RowChapter{"Flows: `octroi inspect packets`",
                   "A row is the traffic of one unidirectional flow; a long flow may have several "
                   "rows, which add up.\nFrames that carry no IP, or whose IP header cannot be "
                   "believed, are in `--summary` only.",
                   reading_fields()},
        RowChapter{"Flow exports: `octroi inspect flow`",
                   "A row is a record as it was sent: counts are not multiplied by the sampling "
                   "rate, times are the\nexporter's. A record with counts for both ways gives two "
                   "rows, the second with the ends exchanged.\nRows with a `kind` are no traffic. "
                   "What the record did not say is absent; what it said to be zero is\nzero.",
                   collector::flow_fields()},
    };
    return rows_markdown(chapters);
}

// What the program knows about itself, as the files of docs/ (CI compares).
Result<ExitStatus> write_docs(Session& session, const std::string& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    const OptionTable& table = option_table();
    const std::array<std::pair<const char*, std::string>, 7> files{{
        {"options.md", options_markdown(table)},
        {"octroi.schema.json", options_schema(table)},
        {"octroi.example.toml", options_example(table)},
        {"rows.md", rows_text()},
        {"counters.md", counters_text(session.kinds())},
        {"commands.md", commands_markdown(session)},
        {"octroi.1", man_page(session)},
    }};
    for (const auto& [name, text] : files) TRY(replace_file(folder + "/" + name, text));
    return ExitStatus::done;
}

}  // namespace

void add_docs(const Command& app, Session& session) {
    auto folder = std::make_shared<std::string>();
    app.sub("docs", "Write the reference documentation into a folder")
        .hide()
        .operand("FOLDER", *folder, "Where to")
        .does([&session, folder] { return write_docs(session, *folder); });
}

}  // namespace octroi
