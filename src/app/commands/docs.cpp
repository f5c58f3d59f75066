// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/docs.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <memory>

#include "app/command_docs.hpp"
#include "app/commands.hpp"
#include "app/session.hpp"
#include "config/declaration_docs.hpp"
#include "host/file.hpp"
#include "service/daemon_metrics.hpp"
#include "view/reference.hpp"

namespace octroi {
namespace {

std::string rows_text(MeterKinds kinds) {
    std::vector<RowChapter> chapters;
    for (const MeterKind* kind : kinds)
        for (const Inspector& inspector : kind->inspectors)
            chapters.push_back({fmt::format("{}: `octroi inspect {}`", inspector.rows_title,
                                            inspector.command.noun),
                                inspector.rows_about, inspector.fields()});
    return rows_markdown(chapters);
}

// The files of docs/ that are generated from the tables of the program. A check compares them.
Result<ExitStatus> write_docs(Session& session, const std::string& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    const OptionTable& table = session.option_table();
    const std::array<std::pair<const char*, std::string>, 8> files{{
        {"options.md", options_markdown(table)},
        {"octroi.schema.json", options_schema(table)},
        {"octroi.example.toml", options_example(table)},
        {"rows.md", rows_text(session.kinds())},
        {"counters.md", counters_markdown(counter_chapters(session.kinds()))},
        {"apply.md", declaration_markdown()},
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
