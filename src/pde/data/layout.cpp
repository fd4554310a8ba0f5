#include "layout.hpp"

#include <danaus/core/error.hpp>

#include <algorithm>

namespace danaus::pde {
namespace {

class Recognizer {
 public:
  explicit Recognizer(const io::ArraySource& file) : file_(file) {}

  Layout recognize() const {
    if (has("/coeff") && has("/sol")) return static_pair("darcy", "/coeff", "/sol", {"nxy"});
    if (has("/input") && has("/output")) return static_pair("own", "/input", "/output", {"nxc", "nxyc"});
    if (has("/nu") && has("/tensor")) return pdebench_darcy();
    if (has("/tensor")) return series("pdebench", {"/tensor"}, {"ntx", "ntxy"}, "/t-coordinate");
    if (has("/density") || has("/Vx")) return pdebench_flow();
    if (has("/velocity"))
      fail(file_, "/velocity", "the incompressible Navier-Stokes files of PDEBench are not supported yet");
    if (has("/a") && has("/u")) return initial_and_solution();
    if (has("/u")) return own_series();
    if (!groups().empty()) return pdebench_groups();
    std::string found;
    for (const auto& name : file_.names()) found += (found.empty() ? "" : ", ") + name;
    fail(file_, "/",
         "expected /u, /a and /u, /coeff and /sol, /input and /output, or a PDEBench layout, found " +
             (found.empty() ? "no arrays" : found));
  }

 private:
  bool has(const std::string& name) const { return file_.contains(name); }
  std::vector<std::string> groups() const {
    return file_.hdf5() ? file_.hdf5()->groups() : std::vector<std::string>{};
  }

  static std::string spelled(const std::string& axes) {
    std::string text;
    for (char axis : axes) {
      const std::string word = axis == 'n' ? "sample" : axis == 'c' ? "channel" : std::string(1, axis);
      text += (text.empty() ? "(" : ", ") + word;
    }
    return text + ")";
  }

  /// The array under the one of the axis lists that has its rank.
  FieldArray field(const std::string& name, const std::vector<std::string>& choices) const {
    const io::ArrayInfo info = file_.require(name, -1, {io::ScalarType::f32, io::ScalarType::f64});
    std::string expected;
    for (const auto& axes : choices) {
      if (axes.size() == info.rank()) {
        FieldArray array{name, axes, info.shape};
        if (info.size() == 0) fail(file_, name, "expected entries, found " + io::describe(info));
        return array;
      }
      expected += (expected.empty() ? "" : " or ") + std::string("rank ") + std::to_string(axes.size()) +
                  " " + spelled(axes);
    }
    fail(file_, name, "expected " + expected + ", found " + io::describe(info));
  }

  void require_equal(const FieldArray& a, const FieldArray& b, const std::string& axes) const {
    for (char axis : axes)
      if (a.extent(axis) != b.extent(axis))
        fail(file_, b.name,
             "expected " + std::to_string(a.extent(axis)) + " entries along axis " +
                 spelled(std::string(1, axis)) + " as in " + a.name + ", found " +
                 std::to_string(b.extent(axis)));
  }

  Layout static_pair(const std::string& name, const std::string& input, const std::string& output,
                     const std::vector<std::string>& axes) const {
    Layout layout;
    layout.name = name, layout.is_static = true;
    layout.input = {field(input, axes)};
    layout.output = {field(output, axes)};
    require_equal(layout.input[0], layout.output[0], "nxy");
    return layout;
  }

  Layout series(const std::string& name, const std::vector<std::string>& arrays,
                const std::vector<std::string>& axes, const std::string& times) const {
    Layout layout;
    layout.name = name;
    for (const auto& array : arrays) {
      layout.output.push_back(field(array, axes));
      require_equal(layout.output[0], layout.output.back(), "ntxy");
    }
    if (has(times)) layout.times = times;
    return layout;
  }

  Layout initial_and_solution() const {
    if (file_.info("/u").rank() == 2) return static_pair("burgers", "/a", "/u", {"nx"});
    const FieldArray initial = field("/a", {"nxy"});
    Layout layout = series("navier-stokes", {"/u"}, {"nxyt"}, "/t");
    require_equal(layout.output[0], initial, "nxy");
    return layout;
  }

  /// Predictions have no initial field and say so by their format.
  Layout own_series() const {
    const io::Hdf5Reader* hdf5 = file_.hdf5();
    const bool ours =
        hdf5 && hdf5->is_sealed() && hdf5->attribute<std::string>("/", "format") == "danaus-prediction";
    if (ours && file_.info("/u").rank() == 4) return series("navier-stokes", {"/u"}, {"nxyt"}, "/t");
    return series("own", {"/u"}, {"nxtc", "nxytc"}, "/t");
  }

  Layout pdebench_darcy() const {
    Layout layout;
    layout.name = "pdebench", layout.is_static = true;
    layout.input = {field("/nu", {"nxy"})};
    // (sample, 1, x, y): the second axis is a single channel.
    layout.output = {field("/tensor", {"ncxy"})};
    require_equal(layout.input[0], layout.output[0], "nxy");
    return layout;
  }

  Layout pdebench_flow() const {
    std::vector<std::string> fields;
    for (const char* name : {"/density", "/pressure", "/Vx", "/Vy"})
      if (has(name)) fields.push_back(name);
    return series("pdebench", fields, {"ntx", "ntxy"}, "/t-coordinate");
  }

  Layout pdebench_groups() const {
    Layout layout;
    layout.name = "pdebench-groups";
    for (const auto& group : groups()) {
      layout.sample_arrays.push_back(group + "/data");
      const FieldArray array = field(group + "/data", {"txc", "txyc"});
      if (layout.output.empty()) layout.output = {array};
      require_equal(layout.output[0], array, "txyc");
    }
    const std::string times = groups().front() + "/grid/t";
    if (has(times)) layout.times = times;
    return layout;
  }

  const io::ArraySource& file_;
};

}  // namespace

Layout recognize_layout(const io::ArraySource& file) { return Recognizer(file).recognize(); }

void fail(const io::ArraySource& file, const std::string& name, const std::string& what) {
  throw DataError(file.path().string() + ":" + name + ": " + what);
}

}  // namespace danaus::pde
