// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

#include "app/commands.hpp"
#include "app/file_import.hpp"
#include "app/option_rows.hpp"

namespace octroi {
namespace {

struct ImportCommand {
    ImportCommand(Command& command, const Importer& importer)
        : common{.files = {}, .meter = std::string(importer.default_meter), .local = {}} {
        command.operands("FILE", common.files, importer.command.file_help);
        add_import_options(command, common);
        options.emplace(command, importer.command.options);
    }
    ImportOptions common;
    std::optional<OptionRows> options;
};

Result<ExitStatus> import(Session& session, const ImportCommand& command, const MeterKind& kind,
                          const Importer& importer) {
    TRY_ASSIGN(const OptionValues values, command.options->values());
    return import_files(session, command.common,
                        {.meter_kind = kind.name,
                         .cursor_prefix = importer.cursor_prefix,
                         .open = [&](const std::string& file, std::span<const Cursor> known) {
                             return importer.open({file, values, known});
                         }});
}

}  // namespace

void add_import(const Command& app, Session& session) {
    Command imports =
        app.sub("import", "Read files into the ledger, once however often they are given");
    imports.needs_sub();
    for (const MeterKind* kind : session.kinds()) {
        for (const Importer& importer : kind->importers) {
            Command sub = imports.sub(importer.command.noun, importer.command.help);
            auto command = std::make_shared<ImportCommand>(sub, importer);
            sub.does([&session, command, kind, &importer] {
                return import(session, *command, *kind, importer);
            });
        }
    }
}

}  // namespace octroi
