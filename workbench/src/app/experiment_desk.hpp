#pragma once

#include <QObject>
#include <memory>

#include "app/document_tab.hpp"
#include "core/experiment_document.hpp"
#include "core/experiment_journal.hpp"
#include "engine/experiment_check.hpp"
#include "engine/experiment_run.hpp"
#include "panels/chaos_panel.hpp"
#include "panels/experiment_panel.hpp"

namespace millrace::workbench {

/// Experiments: the one that is designed, with its file and its mistakes; the one that runs, its timeline and verdict
/// beside the faults; and the reports of what has run. Thread: GUI.
class ExperimentDesk final : public QObject {
  Q_OBJECT

public:
  /// `card`: shows what runs and its verdict.
  explicit ExperimentDesk(ChaosPanel& card, QObject* parent = nullptr);
  ~ExperimentDesk() override;

  [[nodiscard]] ExperimentPanel* panel() const noexcept { return m_panel; }
  [[nodiscard]] ExperimentDocument* document() const noexcept { return m_document.get(); }
  [[nodiscard]] const ExperimentCheck& check() const noexcept { return m_check; }
  [[nodiscard]] const ExperimentRun& running() const noexcept { return m_run; }
  void setTab(DocumentTab* tab);
  /// For the topology in front.
  void makeNew();
  /// One that has no file yet, in the place of the one that is open.
  void design(const nlohmann::ordered_json& experiment);
  /// False: it cannot be read, or the user wants to stay; they were told.
  bool open(const QString& path);
  /// What a workbench that crashed had not saved. False: the user wants to stay with what is open.
  bool openRecovered(const LostExperiment& lost);
  bool save();
  bool saveAs();
  /// Asks about unsaved changes; false: the user wants to stay.
  [[nodiscard]] bool mayGoOn();
  /// The one that is designed, saved before.
  void run();
  void runFile(const QString& path);
  void cancel();
  /// Writes the last report: HTML, JSON, text or the journal by its ending (.html, .json, .txt, .journal.json).
  bool saveReport(const QString& path);

Q_SIGNALS:
  void hint(const QString& text);
  /// There is something to see in the designer, or beside the faults.
  void designShown();
  void runShown();

private:
  void show(std::unique_ptr<ExperimentDocument> document);
  bool saveTo(const QString& path);
  void tellError(const QString& text);
  void showProgress();
  void finish();
  void chooseReport();
  [[nodiscard]] result<QByteArray> reportFor(const QString& path) const;
  void start(const QString& path, const QStringList& programs);
  void begin(const QString& path);

  ChaosPanel& m_card;
  ExperimentPanel* m_panel;
  DocumentTab* m_tab = nullptr;
  QMetaObject::Connection m_following;  // of the tab's edits
  std::unique_ptr<ExperimentDocument> m_document;
  ExperimentJournal m_journal;
  ExperimentCheck m_check;
  ExperimentRun m_run;
  bool m_allowsPrograms = false;  // of the last run
};

}  // namespace millrace::workbench
