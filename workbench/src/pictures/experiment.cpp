#include <QFile>
#include <QTemporaryDir>
#include <stdexcept>

#include "pictures/picture_session.hpp"

namespace millrace::workbench {
namespace {

/// Runs for some ten seconds, and writes what can be compared.
topology paid() {
  topology t;
  t.name = "cards";
  t.settings.snapshot_interval = std::chrono::milliseconds{500};
  t.add("payments", "millrace.generator",
        {{"seed", std::int64_t{7}}, {"count", std::int64_t{40'000}}, {"rate", 4'000.0}});
  t.add("by_card", "millrace.by_key");
  t.add("totals", "millrace.aggregate", {{"key", std::string{"key"}}, {"value", std::string{"value"}}}, 4);
  t.add("ledger", "millrace.file_sink", {{"path", std::string{"cards.output"}}});
  return t.connect("payments", "by_card").connect("by_card", "totals").connect("totals", "ledger");
}

nlohmann::ordered_json experimentOn(const ExperimentTarget& target) {
  auto root = newExperiment(target);
  root["title"] = "Payments are right when a wire is slow and a task dies";
  auto slow = makeInjection(chaos::entry_of(chaos::fault_kind::delay), target.spec.name, "by_card->totals");
  root["method"].insert(root["method"].begin(), std::move(slow));
  root["method"][1]["provider"]["arguments"].back() = "totals/1";
  root["method"].push_back(makePart(ExperimentPart::RunningProbe, target.spec));
  auto& own = root["extensions"][0];
  own["oracle"] = {{"order", "by_key"}, {"key", "key"}, {"settings", {"payments.rate=0"}}};
  own["baseline"] = "1500ms";
  return root;
}

}  // namespace

void shootExperiment(PictureSession& s) {
  const QTemporaryDir folder;
  auto& window = s.window();
  DocumentFile file{1};
  std::vector<std::string> added;
  auto named = file.document().edit();
  named.rename("cards");
  file.document().push(named.take({}));
  file.document().push(insertion(file.document(), Drawing{paid(), {}}, {}, {}, added));
  const auto path = folder.filePath(QStringLiteral("cards.mill"));
  if (!file.save(path)) throw std::runtime_error{"a topology cannot be saved"};
  QFile::remove(DocumentFile::layoutPath(path));  // laid out on opening
  if (!window.openFile(path)) throw std::runtime_error{"a topology cannot be opened"};
  window.arrange(MainWindow::Arrangement::Chaos);
  s.tab().view().fitAll();
  auto& desk = window.experiments();
  desk.design(experimentOn(targetOf(s.tab())));
  if (!desk.document()->save(folder.filePath(QStringLiteral("cards.json")))) {
    throw std::runtime_error{"an experiment cannot be saved"};
  }
  PictureSession::pumpUntil([&] { return desk.check().isCurrent(); }, "the experiment is not checked");
  desk.panel()->select({ExperimentSection::Method, 0});
  s.shoot("experiment");
  desk.document()->set({}, "/method/1/pauses/after", "soon");
  desk.panel()->select({ExperimentSection::Method, 1});
  PictureSession::pumpUntil([&] { return !desk.panel()->notice().isEmpty(); }, "no mistake is found");
  s.shoot("experiment-mistake");
  desk.document()->undoStack().undo();

  desk.run();
  const auto isIn = [&](const char* phase) {
    const auto& p = desk.running().progress();
    return p.present() && p.phases()[*p.present()].name == QLatin1String(phase) && p.steps().size() > 3;
  };
  PictureSession::pumpUntil([&] { return isIn("fault") || !desk.running().isRunning(); }, "it comes to no fault");
  s.shoot("experiment-running");
  PictureSession::pumpUntil([&] { return !desk.running().isRunning(); }, "the experiment does not end");
  if (window.chaos().panel()->verdict().isEmpty()) throw std::runtime_error{"the experiment has no verdict"};
  s.shoot("experiment-verdict");
  window.arrange(MainWindow::Arrangement::Build);
}

}  // namespace millrace::workbench
