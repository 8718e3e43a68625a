#include "core/examples.hpp"

#include <QDir>
#include <QDirIterator>
#include <QFile>
#include <algorithm>
#include <array>

#include "core/text.hpp"

/// Resources of a static library are left out unless somebody asks for them, from outside of any namespace.
static void registerExamples() {
  Q_INIT_RESOURCE(examples);
}

namespace millrace::workbench {
namespace {

constexpr const char* resources = ":/workbench/examples/";

struct Application {
  const char* id;
  const char* title;
  const char* teaches;
};
constexpr std::array applications{
    Application{"orders/orders.mill", "Orders",
                "Generated orders, summed by key in windows of a second: press F5 and watch rates, load and lag."},
    Application{"quickstart/host_watch.mill", "Watch this machine",
                "Figures of this machine: statistics by sensor, and an alert when a processor is busy. Live."},
    Application{"host_anomalies/anomalies.mill", "Anomalies of this machine",
                "An alert when a figure leaves what was usual in the last five minutes. Live."},
    Application{"machine_log/packages.mill", "What was installed",
                "The package manager's own logs, compressed ones too, counted by day and by package."},
    Application{"weblog/weblog.mill", "A web server's log",
                "Requests by status, by path and minute, and where they fail."},
    Application{"clickstream/clickstream.mill", "Visits and best pages",
                "Sessions of visitors, and the three best pages of each hour, with a table that adds their category."},
    Application{"scripts/streaks.mill", "Streaks in Lua",
                "Expressions, and a script with state by key and its event times."},
};
/// Reads what is piped into the process: there is no pipe into an engine.
constexpr const char* withoutPlace = "stdin";

result<void> copy(const QString& from, const QString& to) {
  if (QFile::exists(to)) return {};
  if (!QFile::copy(from, to) || !QFile::setPermissions(to, QFile::ReadOwner | QFile::WriteOwner)) {
    QFile::remove(to);
    return user_error(errc::io_error, toStd(QStringLiteral("%1 cannot be written: make room there, or look who may "
                                                           "write to the folder")
                                                .arg(to)));
  }
  return {};
}

}  // namespace

std::vector<Example> examples(const ActorCatalogue& catalogue) {
  registerExamples();
  std::vector<Example> all;
  for (const auto& a : applications) {
    const auto id = QString::fromLatin1(a.id);
    if (!QFile::exists(QLatin1String(resources) + id)) continue;
    all.push_back({id, QString::fromLatin1(a.title), QString::fromLatin1(a.teaches)});
  }
  std::vector<std::pair<ActorKind, Example>> ofActors;
  const auto folder = QLatin1String(resources) + QStringLiteral("actors");
  for (const auto& file : QDir{folder}.entryList({QStringLiteral("*.mill")}, QDir::Files, QDir::Name)) {
    const auto name = file.chopped(5);
    const auto* type = catalogue.find("millrace." + toStd(name));
    if (type == nullptr || name == QLatin1String(withoutPlace)) continue;
    ofActors.emplace_back(type->kind,
                          Example{QStringLiteral("actors/") + file, toQt(type->title), toQt(type->help), true});
  }
  // As data flows: sources first.
  std::ranges::stable_sort(ofActors, {}, &std::pair<ActorKind, Example>::first);
  for (auto& [kind, example] : ofActors) all.push_back(std::move(example));
  return all;
}

result<QString> unpack(const Example& example, const QString& root) {
  const auto from = QLatin1String(resources) + example.folder();
  const auto to = root + QLatin1Char('/') + example.folder();
  for (QDirIterator files{from, QDir::Files, QDirIterator::Subdirectories}; files.hasNext();) {
    const auto path = files.next();
    const auto target = to + path.mid(from.size());
    if (!QDir{}.mkpath(target.section(QLatin1Char('/'), 0, -2))) {
      return user_error(errc::io_error, toStd(QStringLiteral("the folder of %1 cannot be made").arg(target)));
    }
    if (auto copied = copy(path, target); !copied) return copied.error();
  }
  return root + QLatin1Char('/') + example.id;
}

}  // namespace millrace::workbench
