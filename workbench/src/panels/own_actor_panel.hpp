#pragma once

#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QTreeWidget>
#include <QWidget>

#include "core/compiler_output.hpp"

namespace millrace::workbench {

/// Writing an actor in C++: a project from a template, its sources to edit, what the compiler says with the places, how
/// far the build is. What is done goes out as signals; `OwnActorDesk` does it. Thread: GUI.
class OwnActorPanel final : public QWidget {
  Q_OBJECT

public:
  explicit OwnActorPanel(QWidget* parent = nullptr);

  /// Shows a project's files; what was typed before is kept on the disk first.
  void showProject(const QString& folder, const QStringList& files);
  void setBusy(bool isBusy);
  /// Another build begins.
  void clearOutput();
  void addLine(const QString& text);
  void tell(const QString& text);
  /// Writes what was typed into its file. False: it cannot be, and the user was told.
  bool save();

  [[nodiscard]] QLineEdit& name() noexcept { return *m_name; }
  [[nodiscard]] QComboBox& kind() noexcept { return *m_kind; }
  [[nodiscard]] QPlainTextEdit& editor() noexcept { return *m_editor; }
  [[nodiscard]] QListWidget& files() noexcept { return *m_files; }
  [[nodiscard]] QTreeWidget& notes() noexcept { return *m_notes; }
  [[nodiscard]] QProgressBar& progress() noexcept { return *m_progress; }
  [[nodiscard]] QString message() const { return m_message->text(); }

Q_SIGNALS:
  void makeWanted(const QString& name, const QString& kind);
  void openWanted();
  void buildWanted();
  void testWanted();
  void cancelWanted();

private:
  void showFile(const QString& file);
  void goTo(const QTreeWidgetItem* note);
  void addNote(const BuildNote& note);

  QLineEdit* m_name;
  QComboBox* m_kind;
  QPushButton* m_build;
  QPushButton* m_test;
  QPushButton* m_cancel;
  QProgressBar* m_progress;
  QListWidget* m_files;
  QPlainTextEdit* m_editor;
  QTreeWidget* m_notes;
  QPlainTextEdit* m_output;
  QLabel* m_message;
  QString m_folder, m_file;
};

}  // namespace millrace::workbench
