#include <QDir>
#include <QTabWidget>

#include "app/example_dialog.hpp"
#include "app/settings_dialog.hpp"
#include "core/layout_edits.hpp"
#include "core/topology_edits.hpp"
#include "pictures/picture_session.hpp"

namespace millrace::workbench {
namespace {

/// A wire in the hand over a port that refuses it, and a parameter that validation complains about.
void edit(PictureSession& s) {
  s.draw({"generator", "window", "file_sink"});
  s.tab().document().push(parameterChange(s.tab().document(), "window", "size", param_value{std::string{"soon"}}));
  s.tab().view().fitAll();
  s.tab().scene().select({"window"});
  PictureSession::pumpUntil([&s] { return s.tab().validator().isCurrent() && !s.tab().validator().problems().empty(); },
                            "no problem is found");
  const auto from = s.tab().view().mapFromScene(s.tab().scene().node("window")->anchorOf("out", true));
  const auto to = s.tab().view().mapFromScene(s.tab().scene().node("by_key")->anchorOf("in", false));
  s.mouse(QEvent::MouseButtonPress, from, Qt::LeftButton);
  s.mouse(QEvent::MouseMove, to, Qt::LeftButton);
  s.shoot("type-error");
  s.mouse(QEvent::MouseButtonRelease, from, Qt::NoButton);
  s.tab().document().undoStack().undo();
}

/// Lua with a mistake in it.
void script(PictureSession& s) {
  s.window().newDocument();
  s.draw({"generator", "map"});
  s.tab().document().push(parameterChange(
      s.tab().document(), "map", "set",
      param_value{std::string{"double = value * 2 -- twice\nshare:float64 = double / totl\nname = 'k' .. key"}}));
  s.tab().view().fitAll();
  s.tab().scene().select({"map"});
  PictureSession::pumpUntil([&s] { return s.window().script().editor().problem().has_value(); },
                            "no mistake is found in Lua");
  s.window().arrange(MainWindow::Arrangement::Debug);
  s.window().raisePanel(QStringLiteral("Script"));
  s.shoot("script");
  s.window().arrange(MainWindow::Arrangement::Build);
  s.tab().document().undoStack().setClean();
  s.window().closeTab(1);
}

/// Frames, one of them collapsed, and a comment.
void group(PictureSession& s) {
  s.open(chains(10));
  std::string title, id;
  s.tab().document().push(grouping(s.tab().document(), {"orders-0", "spread-0"}, title));
  s.tab().document().push(*groupRenaming(s.tab().document(), title, "Intake"));
  s.tab().document().push(grouping(s.tab().document(), {"sum-1", "large-1"}, title));
  s.tab().document().push(*groupRenaming(s.tab().document(), title, "Large orders"));
  s.tab().document().push(collapsing(s.tab().document(), {"Large orders"}, true));
  s.tab().document().push(
      commenting(s.tab().document(), {0, 480}, "Sizes of windows are those of the old system.", id));
  s.tab().view().fitAll();
  s.tab().scene().selectGroup("Intake");
  s.window().raisePanel(QStringLiteral("Outline"));
  s.shoot("groups");
  s.tab().scene().select({"sum-0"});
  s.window().outline().view().setFocus();
  s.shoot("outline");
  s.tab().setFocus();
  s.window().commands().find(QStringLiteral("View/All commands"))->trigger();
  s.shoot("commands");
  s.tab().setFocus();
}

void settings(PictureSession& s) {
  SettingsDialog dialog{s.window().settings(), s.window().commands(), &s.window()};
  dialog.findChild<QTabWidget*>()->setCurrentIndex(1);
  s.shoot("settings", dialog);
}

/// First start: examples.
void gallery(PictureSession& s) {
  ExampleDialog dialog{examples(s.window().catalogueSource().catalogue()), &s.window()};
  s.shoot("gallery", dialog);
}

/// A project of one.
void ownActor(PictureSession& s) {
  s.window().arrange(MainWindow::Arrangement::Debug);
  s.window().raisePanel(MainWindow::tr("Own actors"));
  const auto folder = s.folder() + QStringLiteral("/velocity_check");
  QDir{folder}.removeRecursively();
  auto& project = s.window().ownActors().project();
  project.make(QStringLiteral("velocity_check"), QStringLiteral("processor"), folder);
  PictureSession::pumpUntil([&] { return project.isOpen(); }, "there is no template");
  s.shoot("own-actor");
  QDir{folder}.removeRecursively();
}

}  // namespace

void shootEditing(PictureSession& s) {
  s.shoot("empty");
  edit(s);
  script(s);
  group(s);
  settings(s);
  gallery(s);
  ownActor(s);
}

}  // namespace millrace::workbench
