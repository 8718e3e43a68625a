#include "engine/catalogue_source.hpp"

#include "core/text.hpp"

namespace millrace::workbench {
namespace {

/// Plugins are loaded for it; a cold disk takes seconds.
constexpr std::chrono::milliseconds loadingMax{30'000};

}  // namespace

CatalogueSource::CatalogueSource(QObject* parent) : QObject{parent} {
  connect(&m_call, &ToolCall::failed, this, &CatalogueSource::failed);
  connect(&m_call, &ToolCall::finished, this, [this](const QByteArray& output, int exitCode) {
    if (exitCode != 0) {
      Q_EMIT failed(tr("'millrace actor list' ended with exit code %1").arg(exitCode));
      return;
    }
    auto read = ActorCatalogue::parse(output);
    if (!read) {
      Q_EMIT failed(toQt(read.error().message));
      return;
    }
    m_catalogue = *std::move(read);
    Q_EMIT loaded();
  });
}

void CatalogueSource::load() {
  m_call.start(millraceProgram(), {QStringLiteral("actor"), QStringLiteral("list"), QStringLiteral("--json")},
               loadingMax);
}

}  // namespace millrace::workbench
