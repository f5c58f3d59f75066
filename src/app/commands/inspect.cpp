// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/commands/inspect.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "app/command.hpp"
#include "app/commands.hpp"
#include "app/option_rows.hpp"
#include "app/row_output.hpp"
#include "host/log.hpp"

namespace octroi {
namespace {

struct InspectCommand {
    InspectCommand(Command& command, const Inspector& inspector) {
        command.operands("FILE", files, inspector.command.file_help);
        options.emplace(command, inspector.command.options);
    }
    std::vector<std::string> files;
    std::optional<OptionRows> options;
};

class Printer final : public InspectSink {
public:
    // rows: null if only facts are printed.
    Printer(Session& session, RowOutput* rows) : session_(session), rows_(rows) {}

    Status row(std::vector<Cell>& cells) override { return rows_->row(cells); }
    Status line(std::string_view text) override {
        constexpr std::size_t written_at_once = std::size_t{64} * 1024;
        if (session_.machine_format())
            return fail(ErrorCode::invalid,
                        "--json, --ndjson and --csv print rows, and --write lines; next: leave one "
                        "of them out");
        lines_.append(text).push_back('\n');
        return lines_.size() < written_at_once ? Status() : finish();
    }
    // Prints the lines that wait.
    Status finish() { return session_.print(std::exchange(lines_, {})); }
    Status facts(const std::string& file, std::span<const Fact> facts) override {
        if (session_.options.json || session_.options.ndjson)
            return session_.print(json_object(facts));
        Report report;
        report.columns = {{.key = "name", .title = file},
                          {.key = "value", .title = "", .kind = ColumnKind::count}};
        for (const Fact& fact : facts) report.rows.push_back({.cells = {fact.key, fact.value}});
        return session_.print(report);
    }

private:
    Session& session_;
    RowOutput* rows_;
    std::string lines_;
};

Result<ExitStatus> inspect(Session& session, const InspectCommand& command,
                           const Inspector& inspector) {
    TRY_ASSIGN(const OptionValues values, command.options->values());
    auto columns = inspector.columns(values);
    std::optional<RowOutput> output;
    if (!columns.empty()) {
        TRY_ASSIGN(output, RowOutput::open(session, std::move(columns)));
    }
    Printer printer(session, output ? &*output : nullptr);
    ExitStatus status = ExitStatus::done;
    for (const std::string& file : command.files) {
        TRY_ASSIGN(const std::string warning, inspector.inspect({file, values}, printer));
        if (warning.empty()) continue;
        log_warning(warning);
        status = ExitStatus::failed;
    }
    if (output) TRY(output->finish());
    TRY(printer.finish());
    return status;
}

}  // namespace

void add_inspect(const Command& app, Session& session) {
    Command inspects = app.sub("inspect", "Decode files and print their content, without a ledger");
    inspects.needs_sub();
    for (const MeterKind* kind : session.kinds()) {
        for (const Inspector& inspector : kind->inspectors) {
            Command sub = inspects.sub(inspector.command.noun, inspector.command.help);
            auto command = std::make_shared<InspectCommand>(sub, inspector);
            sub.does(
                [&session, command, &inspector] { return inspect(session, *command, inspector); });
        }
    }
    add_inspect_routes(inspects, session);
}

}  // namespace octroi
