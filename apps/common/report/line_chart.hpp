#pragma once

#include <string>
#include <vector>

namespace danaus::app {

struct ChartSeries {
  std::string label;
  std::vector<double> x, y;
  int color = 0;  ///< one of six
  bool is_dashed = false;
  bool has_points = false;
};

/// A line chart as inline SVG with labelled axes and a legend; colours come from the page's style. The y axis
/// is logarithmic. Values that are not positive and finite are left out.
struct LineChart {
  std::string title, x_label, y_label;
  std::vector<ChartSeries> series;

  std::string svg() const;
};

}  // namespace danaus::app
