#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Installs libattest by itself into a private prefix, and builds and runs the example of its manual
against it: by pkg-config, by find_package, as C and as C++. Arguments: source and build directory,
the C compiler, the vectors."""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

source, build, compiler, vectors = sys.argv[1:5]


def run(*command, env=None, wanted=0, cwd=None):
    done = subprocess.run(command, env=env, cwd=cwd, capture_output=True, text=True)
    if done.returncode != wanted:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}, wanted {wanted}\n{done.stdout}{done.stderr}")
    return done.stdout


def example():
    with open(os.path.join(source, "docs/man/libattest.3"), encoding="utf-8") as f:
        page = f.read()
    text = re.search(r'\.\\" example: snp\.c\n\.nf\n(.*?)\.fi\n\.\\" end example', page, flags=re.S).group(1)
    return text.replace("\\-", "-").replace("\\e", "\\")


def judge(program, library):
    """The example on a genuine report, and on one that is not."""
    env = dict(os.environ, LD_LIBRARY_PATH=library)
    if not os.path.isdir(vectors):
        run(program, env=env, wanted=2)
        return
    good = os.path.join(vectors, "snp/milan-v3-vcek")
    other = os.path.join(vectors, "snp/milan-v3-vcek-aci-b")
    out = run(program, f"{good}/report.bin", f"{good}/vcek.der", env=env)
    assert '"verdict":"pass"' in out.replace(" ", ""), out
    out = run(program, f"{good}/report.bin", f"{other}/vcek.der", env=env, wanted=1)
    assert "snp-signature-invalid: " in out, out


def by_pkg_config(folder, library, text):
    env = dict(os.environ, PKG_CONFIG_PATH=os.path.join(library, "pkgconfig"))
    flags = run("pkg-config", "--cflags", "--libs", "libattest", env=env).split()
    assert "jansson" not in " ".join(flags) and "crypto" not in " ".join(flags), flags
    name = os.path.join(folder, "snp.c")
    with open(name, "w", encoding="utf-8") as f:
        f.write(text)
    program = os.path.join(folder, "by-pkg-config")
    run(compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic", name, *flags, "-o", program)
    judge(program, library)


def by_find_package(folder, library, prefix, language):
    suffix = {"C": "c", "CXX": "cpp"}[language]
    project = os.path.join(folder, f"project-{suffix}")
    os.mkdir(project)
    shutil.copy(os.path.join(folder, "snp.c"), os.path.join(project, f"snp.{suffix}"))
    with open(os.path.join(project, "CMakeLists.txt"), "w", encoding="utf-8") as f:
        f.write(f"cmake_minimum_required(VERSION 3.22)\nproject(example LANGUAGES {language})\n"
                "find_package(attest 0.1 REQUIRED)\n"
                f"add_executable(snp snp.{suffix})\ntarget_link_libraries(snp PRIVATE attest::attest)\n")
    out = os.path.join(project, "build")
    run("cmake", "-S", project, "-B", out, f"-DCMAKE_PREFIX_PATH={prefix}")
    run("cmake", "--build", out)
    judge(os.path.join(out, "snp"), library)


def main():
    if not shutil.which("pkg-config"):
        print("skipped: no pkg-config")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        prefix = os.path.join(folder, "prefix")
        run("cmake", "--install", build, "--component", "libattest", "--prefix", prefix)
        installed = glob.glob(prefix + "/**/libattest.so.0", recursive=True)
        assert len(installed) == 1, installed
        library = os.path.dirname(installed[0])
        assert not glob.glob(prefix + "/**/attestd*", recursive=True), "more than the library"
        assert glob.glob(prefix + "/**/libattest.3", recursive=True), "no manual"
        by_pkg_config(folder, library, example())
        by_find_package(folder, library, prefix, "C")
        if shutil.which("g++") or shutil.which("c++"):
            by_find_package(folder, library, prefix, "CXX")
    print("installed, found by pkg-config and by find_package, and used")


main()
