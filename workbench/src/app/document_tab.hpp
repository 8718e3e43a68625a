#pragma once

#include <QObject>
#include <QWidget>

#include "canvas/canvas_scene.hpp"
#include "canvas/canvas_view.hpp"
#include "canvas/search_box.hpp"
#include "core/crash_journal.hpp"
#include "core/document_file.hpp"
#include "core/topology_edits.hpp"
#include "engine/auto_layout.hpp"
#include "engine/validator.hpp"

namespace millrace::workbench {

/// One open topology: its files, its document, the canvas on it, and what validation says about it. Thread: GUI.
class DocumentTab final : public QWidget {
  Q_OBJECT

public:
  DocumentTab(DocumentFile file, const ActorCatalogue& catalogue, QWidget* parent = nullptr);
  ~DocumentTab() override;

  [[nodiscard]] CrashJournal& journal() { return m_journal; }
  /// Where journals of unsaved changes are.
  [[nodiscard]] static QString journalFolder();

  [[nodiscard]] DocumentFile& file() noexcept { return m_file; }
  [[nodiscard]] Document& document() const noexcept { return m_file.document(); }
  [[nodiscard]] CanvasScene& scene() noexcept { return m_scene; }
  [[nodiscard]] CanvasView& view() noexcept { return *m_view; }
  [[nodiscard]] Validator& validator() noexcept { return m_validator; }

  // What keys and menus do to the drawing; each is one step of undo.
  void searchType();
  void addType(const QString& type);
  void addTypeAt(const QString& type, QPointF place);
  void findActor();
  void wireByTyping();
  /// Asks which fault; `faultChosen` tells.
  void searchFault(const QString& prompt, std::vector<SearchBox::Entry> kinds);
  void deleteSelection();
  void duplicateSelection();
  void copySelection();
  void cutSelection();
  void paste();
  void align(Alignment how);
  void groupSelection();
  void ungroupSelection();
  /// Collapses or expands the groups of what is selected.
  void toggleGroups();
  void addComment();
  /// Asks for a file, and draws everything into it.
  void exportPicture();
  void layOut();
  /// Selects what a problem or the outline is about, and brings it into view.
  void reveal(const std::string& actor);

Q_SIGNALS:
  void hint(const QString& text);
  /// The selected group or comment is to be written into.
  void editingWanted();
  void faultChosen(const QString& kind);

private:
  void chosen(int purpose, const QString& id);
  void insert(const Drawing& fragment, QPointF place, const QString& title);

  DocumentFile m_file;
  CanvasScene m_scene;
  CanvasView* m_view;
  SearchBox* m_search;
  Validator m_validator;
  CrashJournal m_journal;
  AutoLayout m_layout;
};

}  // namespace millrace::workbench
