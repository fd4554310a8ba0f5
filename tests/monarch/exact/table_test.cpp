// The table of transforms by name: every kind gives the matrix of its definition, every mistake its error.

#include <danaus/monarch/exact/table.hpp>

#include <monarch/exact/dense_reference.hpp>

#include <support/catch.hpp>
#include <support/random.hpp>

#include <danaus/core/error.hpp>

using namespace danaus;
using namespace danaus::monarch;

namespace {

TransformArray array(std::vector<size_t> shape, std::uint64_t stream, bool is_complex = false) {
  TransformArray a{std::move(shape), {}, is_complex};
  size_t size = 1;
  for (size_t extent : a.shape) size *= extent;
  const Random random(5, stream::test + (stream << 8));
  for (size_t e = 0; e < size; ++e)
    a.values.emplace_back(random.normal(2 * e), is_complex ? random.normal(2 * e + 1) : 0.0);
  return a;
}

TransformArray numbers(const std::vector<double>& values) {
  TransformArray a{{values.size()}, {}, false};
  for (double x : values) a.values.emplace_back(x, 0.0);
  return a;
}

/// Arrays that fit each kind at 16 points.
TransformRequest example(const std::string& kind) {
  TransformRequest request{kind, 16, 4, 2, {}};
  for (const char* name : {"first_column", "first_row", "a", "d", "s", "g", "b", "d1", "d2", "d3"})
    request.arrays[name] = array({16}, std::uint64_t(name[0]));
  std::vector<double> p;
  for (size_t t = 0; t < 16; ++t) p.push_back(double((5 * t + 2) % 16));
  request.arrays["permutation"] = numbers(p);
  request.arrays["u"] = request.arrays["v"] = array({16, 3}, 4);
  request.arrays["twiddle"] = request.arrays["twiddle_adjoint"] = array({4, 8, 2, 2}, 5);
  return request;
}

std::vector<std::vector<test::Extended>> dense_rows(const ExactTransform<double>& transform) {
  return std::visit(
      [](const auto& m) {
        const auto d = m.dense();
        std::vector<std::vector<test::Extended>> rows(d.extent(0));
        for (size_t r = 0; r < d.extent(0); ++r)
          for (size_t c = 0; c < d.extent(1); ++c) rows[r].push_back(test::extended(d(r, c)));
        return rows;
      },
      transform);
}

}  // namespace

TEST_CASE("every kind of the table is built, in both precisions, with and without --block",
          "[monarch][exact]") {
  for (const auto& kind : transform_kinds()) {
    INFO(kind.name);
    auto request = example(kind.name);
    const auto in_double = dense_rows(exact_transform<double>(request));
    CHECK(in_double.front().size() == 16);
    const auto in_float =
        std::visit([](const auto& m) { return m.columns(); }, exact_transform<float>(request));
    CHECK(in_float == 16);
    if (kind.name == "linear-convolution") continue;  // its rows depend on the block size
    request.block = 0;
    const auto by_default = dense_rows(exact_transform<double>(request));
    request.block = 2;
    const auto other = dense_rows(exact_transform<double>(request));
    double worst = 0;
    for (size_t r = 0; r < 16; ++r)
      for (size_t c = 0; c < 16; ++c)
        worst = std::max({worst, double(std::abs(by_default[r][c] - in_double[r][c])),
                          double(std::abs(other[r][c] - in_double[r][c]))});
    // Entries are sums of at most some hundred products of normal numbers.
    CHECK(worst <= 1e-12);
  }
}

TEST_CASE("kinds are what numpy and SciPy call them", "[monarch][exact]") {
  auto request = example("toeplitz");
  request.arrays["first_column"] = numbers({1, 2, 3, 4});
  request.arrays["first_row"] = numbers({9, 5, 6, 7});
  request.size = 4, request.block = 2;
  const auto toeplitz = dense_rows(exact_transform<double>(request));
  CHECK(double(toeplitz[2][0].real()) == Approx(3));
  CHECK(double(toeplitz[0][2].real()) == Approx(6));
  CHECK(double(toeplitz[3][3].real()) == Approx(1));
  request.kind = "hankel";
  const auto hankel = dense_rows(exact_transform<double>(request));
  CHECK(double(hankel[1][2].real()) == Approx(4));
  CHECK(double(hankel[3][1].real()) == Approx(5));
  CHECK(double(hankel[3][3].real()) == Approx(7));
  request.kind = "convolution";
  request.size = 6;  // a filter of four taps
  const auto convolution = dense_rows(exact_transform<double>(request));
  CHECK(double(convolution[0][5].real()) == Approx(2));
  CHECK(double(convolution[5][0].real()) == Approx(0).margin(1e-14));
  request.kind = "idft";
  const auto idft = dense_rows(exact_transform<double>(request));
  CHECK(double(idft[1][1].real()) == Approx(0.5 / 6));
  CHECK(double(idft[1][1].imag()) == Approx(std::sqrt(0.75) / 6));
  request.kind = "convolution";
  request.arrays["first_column"] = array({6}, 1, /*is_complex=*/true);
  CHECK(std::holds_alternative<BlockProduct<Complex<double>>>(exact_transform<double>(request)));
}

TEST_CASE("mistakes are named, with what to do", "[monarch][exact]") {
  const auto build = [](const TransformRequest& request) { return exact_transform<double>(request); };
  auto request = example("dtf");
  CHECK_THROWS_WITH(build(request), "unknown transform 'dtf'; did you mean 'dft'?");
  request.kind = "dft", request.block = 5;
  CHECK_THROWS_AS(build(request), UsageError);
  CHECK_THROWS_WITH(build(request), "--block 5 does not divide 16");
  request.block = 4, request.size = 0;
  CHECK_THROWS_WITH(build(request), "transform dft needs --size");
  request = example("dct");
  request.type = 1;
  CHECK_THROWS_WITH(build(request), "--type 1: expected 2, 3 or 4");
  request = example("hadamard");
  request.size = 12;
  CHECK_THROWS_AS(build(request), UsageError);
  request = example("toeplitz");
  request.arrays.erase("first_column");
  CHECK_THROWS_WITH(build(request),
                    "transform toeplitz needs the array /first_column (first column); name a file "
                    "that has it with --from");
  request = example("acdc");
  request.arrays["a"] = array({16}, 1, /*is_complex=*/true);
  CHECK_THROWS_AS(build(request), DataError);
  request = example("acdc");
  request.size = 12;
  CHECK_THROWS_WITH(build(request), "array /a is made for 16 points, --size is 12");
  request = example("fastfood");
  request.arrays["permutation"] = numbers(std::vector<double>(16, 3.0));
  CHECK_THROWS_AS(build(request), DataError);
  request = example("convolution");
  request.arrays["first_column"].values[3] = NAN;
  CHECK_THROWS_AS(build(request), DataError);
  request = example("hd3");
  request.arrays["d2"] = array({8}, 1);
  CHECK_THROWS_AS(build(request), DataError);
  request = example("low-rank");
  request.arrays["u"] = array({16}, 1);
  CHECK_THROWS_AS(build(request), DataError);
}
