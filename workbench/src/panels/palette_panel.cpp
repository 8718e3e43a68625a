#include "panels/palette_panel.hpp"

#include <QHBoxLayout>
#include <QIcon>
#include <QMimeData>
#include <QPainter>
#include <QVBoxLayout>
#include <array>
#include <chrono>
#include <map>

#include "canvas/canvas_view.hpp"
#include "canvas/theme.hpp"
#include "core/fuzzy_match.hpp"
#include "core/text.hpp"
#include "panels/health_icon.hpp"
#include "panels/painted_icon.hpp"

namespace millrace::workbench {
namespace {

/// A question that is answered sooner is not announced.
constexpr std::chrono::milliseconds patience{300}, tick{1000};

/// Where types will stand, while they are asked for: bars in the places of headings and names.
class Skeleton final : public QWidget {
protected:
  void paintEvent(QPaintEvent* /*event*/) override {
    constexpr std::array groupSizes{4, 3, 6, 4};
    constexpr std::array shares{0.62, 0.44, 0.71, 0.53, 0.38};
    constexpr int rowHeight = 22, barHeight = 9, margin = 4, indent = 16;
    QPainter painter{this};
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(Theme::current().hover);
    int y = margin;
    std::size_t row = 0;
    for (const int size : groupSizes) {
      for (int i = 0; i <= size; ++i, y += rowHeight) {
        const int left = i == 0 ? margin : margin + indent;
        if (i > 0) painter.drawEllipse(QRectF(left, y + 6, barHeight + 2, barHeight + 2));
        const double share = i == 0 ? 0.3 : shares[row++ % shares.size()];
        painter.drawRoundedRect(QRectF(i == 0 ? left : left + indent + 2, y + 7, (width() - indent) * share, barHeight),
                                4, 4);
      }
      y += margin;
    }
  }
};

/// Hands the type's id over when an entry is dragged.
class TypeTree final : public QTreeWidget {
public:
  using QTreeWidget::QTreeWidget;

protected:
  [[nodiscard]] QMimeData* mimeData(const QList<QTreeWidgetItem*>& items) const override {
    auto* mime = new QMimeData;
    if (!items.isEmpty()) {
      mime->setData(QLatin1String(CanvasView::actorTypeMime), items.front()->data(0, Qt::UserRole).toString().toUtf8());
    }
    return mime;
  }
};

void paintKind(QPainter& p, ActorKind kind) {
  switch (kind) {
    case ActorKind::Producer:
      p.drawLine(QPointF{2, 8}, QPointF{13, 8});
      p.drawPolyline(QPolygonF{{{9, 4}, {13, 8}, {9, 12}}});
      return;
    case ActorKind::Router:
      p.drawLine(QPointF{2, 8}, QPointF{7, 8});
      p.drawPolyline(QPolygonF{{{13, 3}, {7, 8}, {13, 13}}});
      return;
    case ActorKind::Processor:
      p.drawEllipse(QPointF{8, 8}, 5.5, 5.5);
      p.drawPolyline(QPolygonF{{{8, 4.5}, {8, 8}, {10.5, 9.5}}});
      return;
    case ActorKind::Sink:
      p.drawPolyline(QPolygonF{{{3, 8}, {3, 13}, {13, 13}, {13, 8}}});
      p.drawLine(QPointF{8, 2.5}, QPointF{8, 9.5});
      p.drawPolyline(QPolygonF{{{5, 6.8}, {8, 9.8}, {11, 6.8}}});
      return;
  }
}

}  // namespace

QIcon kindIcon(ActorKind kind) {
  return paintedIcon(16, [kind](QPainter& p) {
    p.setPen(QPen{Theme::current().of(kind), 1.6, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin});
    paintKind(p, kind);
  });
}

PalettePanel::PalettePanel(QWidget* parent)
    : QWidget{parent},
      m_filter{new QLineEdit{this}},
      m_strip{new QFrame},
      m_sign{new QLabel},
      m_notice{new QLabel},
      m_button{new QPushButton},
      m_pages{new QStackedWidget},
      m_tree{new TypeTree},
      m_skeleton{new Skeleton} {
  auto* layout = new QVBoxLayout{this};
  layout->setContentsMargins(8, 4, 8, 8);
  layout->addWidget(m_filter);
  layout->addWidget(makeStrip());
  layout->addWidget(m_pages, 1);
  m_pages->addWidget(m_tree);
  m_pages->addWidget(m_skeleton);
  m_filter->setPlaceholderText(tr("Filter actors"));
  m_filter->setClearButtonEnabled(true);
  m_filter->setAccessibleName(tr("Filter actors"));
  m_tree->setHeaderHidden(true);
  m_tree->setIndentation(12);
  m_tree->setDragEnabled(true);
  m_tree->setDragDropMode(QAbstractItemView::DragOnly);
  m_tree->setAccessibleName(tr("Types of actors"));
  connect(m_filter, &QLineEdit::textChanged, this, &PalettePanel::filter);
  connect(m_tree, &QTreeWidget::itemActivated, this, [this](const QTreeWidgetItem* item) {
    const auto type = item->data(0, Qt::UserRole).toString();
    if (!type.isEmpty()) Q_EMIT typeActivated(type);
  });
}

QWidget* PalettePanel::makeStrip() {
  auto* row = new QHBoxLayout;
  row->addWidget(m_sign, 0, Qt::AlignTop);
  row->addWidget(m_notice, 1);
  auto* column = new QVBoxLayout{m_strip};
  column->setContentsMargins(2, 4, 2, 4);
  column->addLayout(row);
  column->addWidget(m_button, 0, Qt::AlignRight);
  m_notice->setWordWrap(true);
  m_notice->setMinimumWidth(1);
  m_notice->setTextInteractionFlags(Qt::TextSelectableByMouse);
  m_strip->hide();
  connect(m_button, &QPushButton::clicked, this, [this] {
    if (m_isLoading) {
      Q_EMIT cancelWanted();
    } else {
      Q_EMIT retryWanted();
    }
  });
  connect(&m_waiting, &QTimer::timeout, this, &PalettePanel::showWaiting);
  return m_strip;
}

void PalettePanel::setLoading() {
  m_isLoading = true;
  m_asked.start();
  m_waiting.start(patience);
}

void PalettePanel::showWaiting() {
  const auto seconds = m_asked.elapsed() / 1000;
  m_notice->setText(seconds < 1 ? tr("asking the engine for its actors …")
                                : tr("asking the engine for its actors … %1 s").arg(seconds));
  m_sign->setPixmap(healthIcon(Health::Idle).pixmap(12, 12));
  m_button->setText(tr("&Cancel"));
  m_strip->show();
  if (m_tree->topLevelItemCount() == 0) m_pages->setCurrentWidget(m_skeleton);
  m_waiting.start(tick);
}

void PalettePanel::setFailed(const QString& why) {
  m_isLoading = false;
  m_waiting.stop();
  m_notice->setText(m_tree->topLevelItemCount() == 0 ? tr("The engine's actors are not known: %1").arg(why)
                                                     : tr("These are the actors as they were: %1").arg(why));
  m_sign->setPixmap(healthIcon(Health::Warning).pixmap(12, 12));
  m_button->setText(tr("&Try again"));
  m_pages->setCurrentWidget(m_tree);
  m_strip->show();
}

void PalettePanel::setCatalogue(const ActorCatalogue& catalogue) {
  m_isLoading = false;
  m_waiting.stop();
  m_strip->hide();
  m_pages->setCurrentWidget(m_tree);
  m_tree->clear();
  std::map<QString, QTreeWidgetItem*> groups;
  // Data flows from sources to sinks; so does the list.
  for (const auto* name : {"Sources", "Routing", "Processing", "Sinks"}) {
    const auto title = QString::fromLatin1(name);
    groups[title] = new QTreeWidgetItem{m_tree, {title}};
  }
  for (const auto& type : catalogue.types()) {
    const auto category = type.category.empty() ? tr("Mine") : toQt(type.category);
    auto& group = groups[category];
    if (group == nullptr) group = new QTreeWidgetItem{m_tree, {category}};
    auto* item = new QTreeWidgetItem{group, {toQt(type.title)}};
    item->setData(0, Qt::UserRole, toQt(type.id));
    item->setIcon(0, kindIcon(type.kind));
    item->setToolTip(0, toQt(type.help.empty() ? type.id : type.help + "\n" + type.id));
  }
  for (const auto& [title, group] : groups) {
    group->setFlags(Qt::ItemIsEnabled);
    group->setFont(0, ownFont(12, true));
    group->setHidden(group->childCount() == 0);
    group->sortChildren(0, Qt::AscendingOrder);
  }
  m_tree->expandAll();
  repaintTitles();
  filter(m_filter->text());
}

void PalettePanel::repaintTitles() {
  for (int g = 0; g < m_tree->topLevelItemCount(); ++g) {
    m_tree->topLevelItem(g)->setForeground(0, Theme::current().textDim);
  }
}

void PalettePanel::focusFilter() {
  m_filter->setFocus();
  m_filter->selectAll();
}

bool PalettePanel::hasType(const QString& category, const QString& id) const {
  for (int g = 0; g < m_tree->topLevelItemCount(); ++g) {
    const auto* group = m_tree->topLevelItem(g);
    if (group->text(0) != category) continue;
    for (int i = 0; i < group->childCount(); ++i) {
      if (group->child(i)->data(0, Qt::UserRole).toString() == id) return true;
    }
  }
  return false;
}

void PalettePanel::filter(const QString& text) {
  for (int g = 0; g < m_tree->topLevelItemCount(); ++g) {
    auto* group = m_tree->topLevelItem(g);
    int shown = 0;
    for (int i = 0; i < group->childCount(); ++i) {
      const bool isHit = fuzzyScore(text, group->child(i)->text(0)).has_value();
      group->child(i)->setHidden(!isHit);
      shown += isHit ? 1 : 0;
    }
    if (group->data(0, Qt::UserRole).isNull() && group->childCount() > 0) group->setHidden(shown == 0);
  }
}

}  // namespace millrace::workbench
