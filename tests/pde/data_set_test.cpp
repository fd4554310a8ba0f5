#include <danaus/pde/data/data_set_source.hpp>

#include <danaus/io/hdf5.hpp>

#include <support/catch.hpp>

#include <hdf5.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

using namespace danaus;
using Catch::Matchers::Contains;

namespace {

namespace fs = std::filesystem;

/// A folder that is removed at the end.
struct Folder {
  Folder() : path(fs::temp_directory_path() / ("danaus-data-" + std::to_string(::getpid()))) {
    fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
  std::string operator/(const char* name) const { return (path / name).string(); }
  fs::path path;
};

/// Every entry says where it is.
float entry(size_t n, size_t t, size_t x, size_t y, size_t c) {
  return float(10000 * n + 1000 * t + 100 * x + 10 * y + c);
}

/// Numbers of an array whose axes are letters: n sample, t, x, y, c.
std::vector<float> numbers(const std::string& axes, const io::Extents& shape, size_t channel = 0,
                           size_t frame = 0) {
  size_t size = 1;
  for (size_t extent : shape) size *= extent;
  std::vector<float> values(size);
  for (size_t i = 0; i < size; ++i) {
    size_t index[5] = {0, frame, 0, 0, channel}, rest = i;
    for (size_t axis = axes.size(); axis-- > 0; rest /= shape[axis])
      index[std::string("ntxyc").find(axes[axis])] = rest % shape[axis];
    values[i] = entry(index[0], index[1], index[2], index[3], index[4]);
  }
  return values;
}

struct Array {
  std::string name, axes;
  io::Extents shape;
  size_t channel = 0, frame = 0;
  bool is_matlab = false;
};

/// A file as another program writes it.
void write_foreign(const std::string& path, const std::vector<Array>& arrays) {
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t creation = H5Pcreate(H5P_LINK_CREATE);
  H5Pset_create_intermediate_group(creation, 1);
  for (const auto& array : arrays) {
    const std::vector<hsize_t> extents(array.shape.begin(), array.shape.end());
    const hid_t space = H5Screate_simple(int(extents.size()), extents.data(), nullptr);
    const hid_t set =
        H5Dcreate2(file, array.name.c_str(), H5T_IEEE_F32LE, space, creation, H5P_DEFAULT, H5P_DEFAULT);
    const auto values = numbers(array.axes, array.shape, array.channel, array.frame);
    H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
    if (array.is_matlab) {
      const hid_t text = H5Tcopy(H5T_C_S1);
      H5Tset_size(text, 6);
      const hid_t one = H5Screate(H5S_SCALAR);
      const hid_t attribute = H5Acreate2(set, "MATLAB_class", text, one, H5P_DEFAULT, H5P_DEFAULT);
      H5Awrite(attribute, text, "single");
      H5Aclose(attribute), H5Sclose(one), H5Tclose(text);
    }
    H5Dclose(set), H5Sclose(space);
  }
  H5Pclose(creation), H5Fclose(file);
}

/// Every frame of every sample has the entries that its place asks for.
void require_entries(const pde::DataSet& data, size_t stride = 1) {
  const auto& d = data.description();
  size_t wrong = 0;
  for (size_t t = 0; t < d.frames; ++t) {
    const size_t channels = d.channels(t);
    std::vector<float> frame(d.points_x * d.points_y * channels);
    for (size_t n = 0; n < d.samples; ++n) {
      data.read_sample(n, t, 1, frame.data());
      for (size_t i = 0; i < frame.size(); ++i) {
        const size_t c = i % channels, y = i / channels % d.points_y, x = i / channels / d.points_y;
        wrong += frame[i] != entry(n, t, x * stride, y * stride, c);
      }
    }
  }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("every layout gives the same frames, in memory and streamed", "[pde][data]") {
  const Folder folder;
  const std::string path = folder / "data.h5";
  const double budget = GENERATE(1e9, 0.0);
  struct Case {
    std::string layout;
    bool is_static;
    size_t samples, frames, points_x, points_y, channels_in, channels_out;
    std::vector<Array> arrays;
  };
  const auto c = GENERATE(
      Case{
          "navier-stokes", false, 3, 5, 4, 6, 1, 1, {{"/a", "nxy", {3, 4, 6}}, {"/u", "nxyt", {3, 4, 6, 5}}}},
      // The published v7.3 files: every axis list reversed on disk.
      Case{"navier-stokes",
           false,
           3,
           5,
           4,
           6,
           1,
           1,
           {{"/a", "yxn", {6, 4, 3}, 0, 0, true}, {"/u", "tyxn", {5, 6, 4, 3}, 0, 0, true}}},
      Case{"darcy", true, 3, 2, 4, 6, 1, 1, {{"/coeff", "nxy", {3, 4, 6}}, {"/sol", "nxy", {3, 4, 6}, 0, 1}}},
      Case{"burgers", true, 3, 2, 8, 1, 1, 1, {{"/a", "nx", {3, 8}}, {"/u", "nx", {3, 8}, 0, 1}}},
      Case{"own", false, 3, 5, 4, 6, 2, 2, {{"/u", "nxytc", {3, 4, 6, 5, 2}}}},
      Case{"own",
           true,
           3,
           2,
           4,
           6,
           2,
           3,
           {{"/input", "nxyc", {3, 4, 6, 2}}, {"/output", "nxyc", {3, 4, 6, 3}, 0, 1}}},
      Case{"pdebench", false, 3, 5, 8, 1, 1, 1, {{"/tensor", "ntx", {3, 5, 8}}}},
      Case{"pdebench",
           true,
           3,
           2,
           4,
           6,
           1,
           1,
           {{"/nu", "nxy", {3, 4, 6}}, {"/tensor", "ncxy", {3, 1, 4, 6}, 0, 1}}},
      Case{"pdebench",
           false,
           3,
           5,
           4,
           6,
           3,
           3,
           {{"/Vx", "ntxy", {3, 5, 4, 6}, 2},
            {"/density", "ntxy", {3, 5, 4, 6}},
            {"/pressure", "ntxy", {3, 5, 4, 6}, 1}}},
      Case{"pdebench-groups", false, 1, 5, 4, 6, 2, 2, {{"/0000/data", "txyc", {5, 4, 6, 2}}}});
  write_foreign(path, c.arrays);

  pde::DataOptions options;
  options.memory_budget_bytes = budget;
  const pde::DataSet data(path, options);
  const auto& d = data.description();
  INFO(c.layout << (c.is_static ? ", static" : ", series"));
  CHECK(data.is_streamed() == (budget == 0));
  CHECK(d.layout == c.layout);
  CHECK(d.is_static == c.is_static);
  CHECK(d.samples == c.samples);
  CHECK(d.frames == c.frames);
  CHECK((d.points_x == c.points_x && d.points_y == c.points_y));
  CHECK((d.input_channels == c.channels_in && d.output_channels == c.channels_out));
  CHECK(d.digest.size() == 32);
  require_entries(data);
}

TEST_CASE("every k-th point is what a lower resolution reads", "[pde][data]") {
  const Folder folder;
  const std::string path = folder / "data.h5";
  write_foreign(path, {{"/a", "nxy", {2, 9, 9}}, {"/u", "nxyt", {2, 9, 9, 3}}});
  pde::DataOptions options;
  options.resolution = 5;  // both ends of the interval stay
  const pde::DataSet data(path, options);
  CHECK(data.description().points_x == 5);
  require_entries(data, 2);
  options.resolution = 4;
  CHECK_THROWS_WITH(pde::DataSet(path, options), Contains("9 points per axis; possible are 9, 5"));
}

TEST_CASE("a source loads windows of the samples it was given, resident and streamed alike", "[pde][data]") {
  const Folder folder;
  const std::string path = folder / "data.h5";
  write_foreign(path, {{"/a", "nxy", {4, 4, 6}}, {"/u", "nxyt", {4, 4, 6, 5}}});
  for (const double budget : {1e9, 0.0}) {
    pde::DataOptions options;
    options.memory_budget_bytes = budget;
    pde::DataSetSource source(std::make_shared<const pde::DataSet>(path, options), {3, 1});
    CHECK(source.samples() == 2);
    const auto frames = source.load(Exec(), {{0, 2}, {1, 0}, {0, 1}}, 2);
    REQUIRE(frames.size() == 2);
    const size_t sample[] = {3, 1, 3}, first[] = {2, 0, 1};
    size_t wrong = 0;
    for (size_t f = 0; f < 2; ++f) {
      const auto host = to_host(frames[f]);
      for (size_t b = 0; b < 3; ++b)
        for (size_t x = 0; x < 4; ++x)
          for (size_t y = 0; y < 6; ++y) wrong += host(b, x, y, 0) != entry(sample[b], first[b] + f, x, y, 0);
    }
    CHECK(wrong == 0);
    CHECK_THROWS_AS(source.load(Exec(), {{2, 0}}, 1), std::out_of_range);
    CHECK_THROWS_AS(source.load(Exec(), {{0, 4}}, 2), std::out_of_range);
  }
}

TEST_CASE("bad data are refused with what was expected and what was found", "[pde][data]") {
  const Folder folder;
  const std::string path = folder / "data.h5";
  write_foreign(path, {{"/a", "nxy", {3, 4, 6}}, {"/u", "nxy", {3, 4, 6}}});
  CHECK_THROWS_WITH(pde::DataSet(path), Contains("/u: expected rank 4 (sample, x, y, t), found rank 3"));
  write_foreign(path, {{"/a", "nxy", {3, 4, 4}}, {"/u", "nxyt", {3, 4, 6, 2}}});
  CHECK_THROWS_WITH(pde::DataSet(path),
                    Contains("/a: expected 6 entries along axis (y)") && Contains("found 4"));
  write_foreign(path, {{"/velocities", "nxy", {3, 4, 6}}});
  CHECK_THROWS_WITH(pde::DataSet(path), Contains("expected /u") && Contains("found /velocities"));
  CHECK_THROWS_AS(pde::DataSet(folder / "absent.h5"), MissingInputError);

  write_foreign(path, {{"/a", "nxy", {3, 4, 6}}, {"/u", "nxyt", {3, 4, 6, 2}}});
  CHECK_THROWS_WITH(pde::DataSet(path).require_frames(11, "history 10 and one"),
                    Contains("expected at least 11 frames (history 10 and one), found 2"));

  // One nan, in sample 1, frame 1: row-major (sample, x, y, t).
  std::vector<float> u(2 * 4 * 6 * 2, 1.0f), a(2 * 4 * 6, 1.0f);
  u[((1 * 4 + 2) * 6 + 3) * 2 + 1] = NAN;
  io::Hdf5Writer writer(path);
  writer.header({"danaus-navier-stokes", 1, "danaus test", "", 0});
  writer.write("/a", {2, 4, 6}, a);
  writer.write("/u", {2, 4, 6, 2}, u);
  writer.commit();
  CHECK_THROWS_WITH(pde::DataSet(path), Contains("expected finite values, found nan in sample 1, frame 1"));
  pde::DataOptions streamed;
  streamed.memory_budget_bytes = 0;
  const pde::DataSet data(path, streamed);
  std::vector<float> frame(4 * 6);
  CHECK_NOTHROW(data.read_sample(1, 0, 1, frame.data()));
  CHECK_THROWS_WITH(data.read_sample(1, 1, 1, frame.data()), Contains("found nan in sample 1, frame 1"));
}
