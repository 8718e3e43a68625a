#include "engine/catalogue_source.hpp"

#include "core/text.hpp"

namespace millrace::workbench {
namespace {

/// Plugins are loaded for it; a cold disk takes seconds.
constexpr std::chrono::milliseconds loadingMax{30'000};

}  // namespace

CatalogueSource::CatalogueSource(QObject* parent) : QObject{parent} {
  connect(&m_call, &ToolCall::failed, this, &CatalogueSource::fail);
  connect(&m_call, &ToolCall::finished, this, [this](const QByteArray& output, int exitCode) {
    if (exitCode != 0) {
      fail(tr("'millrace actor list' ended with exit code %1").arg(exitCode));
      return;
    }
    auto read = ActorCatalogue::parse(output);
    if (!read) {
      fail(toQt(read.error().message));
      return;
    }
    m_catalogue = *std::move(read);
    m_isLoading = false;
    Q_EMIT loaded();
  });
}

void CatalogueSource::load() {
  m_isLoading = true;
  Q_EMIT started();
  m_call.start(millraceProgram(), {QStringLiteral("actor"), QStringLiteral("list"), QStringLiteral("--json")},
               loadingMax);
}

void CatalogueSource::cancel() {
  if (!m_isLoading) return;
  m_call.cancel();
  fail(tr("the engine was not waited for"));
}

void CatalogueSource::fail(const QString& why) {
  m_isLoading = false;
  Q_EMIT failed(why);
}

}  // namespace millrace::workbench
