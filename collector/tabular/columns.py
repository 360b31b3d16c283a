"""Which column holds what: guessed from its name (in a dozen languages) and its cells, unless somebody says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from typing import Any

from collector.errors import BadSettings
from collector.tabular import is_blank
from collector.tabular.dates import Evidence as DateEvidence
from collector.tabular.dates import plain
from collector.tabular.ratings import Evidence as RatingEvidence


class Field(StrEnum):
    """What a column can hold; all but `title` are fields of an Item."""

    EXTERNAL_ID = "external_id"
    CREATED_AT = "created_at"
    EDITED_AT = "edited_at"
    RATING = "rating"
    TITLE = "title"
    TEXT = "text"
    AUTHOR = "author"
    AUTHOR_NAME = "author_name"
    LANGUAGE = "language"
    URL = "url"
    PARENT_ID = "parent_id"
    REACH = "reach"
    PLACE = "place"
    SEGMENT = "segment"
    BRAND = "brand"
    KIND = "kind"


# Names are compared without case, accents and punctuation; the earlier a name stands, the surer it is.
_NAMES: dict[Field, str] = {
    Field.EXTERNAL_ID: """external id, review id, reviewid, id, comment id, post id, response id, respondent id, ticket id,
        uuid, guid, reference, kennung, bewertungs id, identifiant, id avis, identificador, id resena, nr""",
    Field.CREATED_AT: """created at, created, date, review date, reviewdate, datetime, timestamp, published at, publish date,
        published, posted at, date posted, posted, submitted at, submission date, submitted, creation date, create time,
        review submit date and time, last update date and time, review created at, time, start date, completed at, datum,
        erstellt am, erstellt, bewertungsdatum, zeitstempel, zeitpunkt, veroffentlicht am, abgegeben am, date avis,
        date de publication, date de creation, horodateur, publie le, fecha, fecha de publicacion, fecha resena, creado,
        marca temporal, data, data recensione, data pubblicazione, data da avaliacao, carimbo de data hora, beoordelingsdatum,
        data dodania, data wystawienia, tarih, дата, дата отзыва, 日付, 投稿日, 日期, 时间, 작성일, 날짜, التاريخ""",
    Field.EDITED_AT: """edited at, updated at, modified at, last updated, last modified, review updated at, update time,
        geandert am, bearbeitet am, modifie le, modificado, modificato il""",
    Field.RATING: """rating, stars, star rating, score, review rating, reviewer score, overall rating, overall, satisfaction,
        csat, nps, nps score, note, note globale, etoiles, bewertung, sterne, punkte, punktzahl, gesamtbewertung, zufriedenheit,
        calificacion, puntuacion, estrellas, valutazione, voto, stelle, punteggio, avaliacao, classificacao, estrelas, nota,
        beoordeling, sterren, cijfer, ocena, puan, оценка, рейтинг, 評価, 星, 评分, 평점, 별점, التقييم""",
    Field.TITLE: """title, review title, headline, subject, summary, titel, betreff, uberschrift, titre, objet, sujet, titulo,
        asunto, titolo, oggetto, assunto, onderwerp, tytul, baslik, заголовок, タイトル, 标题, 제목, العنوان""",
    Field.TEXT: """text, review text, reviewtext, review, review body, body, content, comment, comments, message, feedback,
        verbatim, full text, review content, comment text, description, post, tweet, answer, response, remarks, rezension,
        bewertungstext, kommentar, kommentare, inhalt, nachricht, freitext, anmerkung, ruckmeldung, beitrag, meinung, avis,
        commentaire, commentaires, texte, contenu, resena, resenas, comentario, comentarios, texto, opinion, contenido, mensaje,
        recensione, commento, testo, contenuto, opinione, avaliacao do cliente, conteudo, mensagem, recensie, opmerking, opmerkingen,
        tekst, bericht, opinia, komentarz, tresc, yorum, metin, отзыв, текст, комментарий, レビュー, コメント, 本文, 口コミ, 评论, 评价,
        内容, 리뷰, 후기, 내용, التعليق, النص""",
    Field.AUTHOR: """author, author id, user id, userid, customer id, reviewer id, member id, kunden id, kundennummer,
        id client, id cliente, klantnummer""",
    Field.AUTHOR_NAME: """author name, user name, username, user, reviewer, reviewer name, customer, customer name, name,
        display name, nickname, autor, verfasser, nutzer, nutzername, kunde, auteur, utilisateur, client, usuario, cliente,
        autore, utente, nome, klant, gebruiker, uzytkownik, автор, 投稿者, 用户, 작성자""",
    Field.LANGUAGE: """language, lang, locale, reviewer language, sprache, langue, idioma, lingua, taal, jezyk, dil, язык,
        言語, 语言, 언어""",
    Field.URL: "url, link, permalink, review url, review link, web address, adresse, lien, enlace, collegamento, ссылка, 链接",
    Field.PARENT_ID: "parent id, in reply to, in reply to id, reply to, thread id",
    Field.REACH: "reach, likes, like count, helpful votes, helpful, thumbs up, upvotes, shares, retweets, useful, votes",
    Field.PLACE: """place, location, branch, store, city, country, hotel name, hotel, property, store name, airport, ort,
        filiale, standort, stadt, land, lieu, agence, ville, pays, magasin, lugar, sucursal, ciudad, pais, tienda, luogo, citta,
        paese, negozio, local, loja, cidade, plaats, winkel, stad, miejsce, miasto, город, 店舗, 城市, 지점""",
    Field.SEGMENT: "segment, cabin, class, product, product name, plan, category, room type, produkt, produit, producto, prodotto",
    Field.BRAND: "brand, company, airline, bank, marke, unternehmen, firma, marque, entreprise, marca, empresa, azienda, merk",
    Field.KIND: "kind, mention type",
}
_SPLIT = re.compile(r"[\W_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
CHECKED_ROWS = 500
"""Rows whose cells a guess is held against."""


def known_name(cell: str) -> bool:
    """Whether a header cell is a name that some field goes by."""
    return _normal(cell) in _ranks()


def _normal(name: str) -> str:
    return " ".join(word for word in _SPLIT.split(plain(_CAMEL.sub(" ", name))) if word)


@cache
def _ranks() -> dict[str, dict[Field, int]]:
    ranks: dict[str, dict[Field, int]] = {}
    for field, names in _NAMES.items():
        for rank, name in enumerate(names.split(",")):
            ranks.setdefault(_normal(name), {}).setdefault(field, rank)
    return ranks


# ------------------------------------------------------------------ the mapping

Columns = Mapping[Field, tuple[int, ...]]
"""Positions of the columns that a field is made of; several are joined by a line break."""


def map_columns(names: Sequence[str], sample: Sequence[Sequence[Any]], given: Mapping[str, str]) -> Columns:
    """Find a column for every field that has one. given: field → column name, "A+B" for two, "" for none.

    Raises BadSettings where `given` names a field or a column that does not exist, or no text is found.
    """
    looks = [_Look.at([row[position] for row in sample]) for position in range(len(names))]
    mapping = {Field(field): _positions(field, wanted, names) for field, wanted in _checked(given).items()}
    taken = {position for positions in mapping.values() for position in positions}
    for _, field, position in sorted(_candidates(names, looks), key=lambda entry: (-entry[0], entry[2])):
        if field not in mapping and position not in taken:
            mapping[field] = (position,)
            taken.add(position)
    free = [position for position in range(len(names)) if position not in taken]
    if Field.TEXT not in mapping and (longest := _longest(free, looks)) is not None:
        mapping[Field.TEXT] = (longest,)
        free.remove(longest)
    dated = [position for position in free if looks[position].dates > 0.9]
    if Field.CREATED_AT not in mapping and len(dated) == 1:
        mapping[Field.CREATED_AT] = (dated[0],)
    found = {field: positions for field, positions in mapping.items() if positions}
    if Field.TEXT not in found and Field.TITLE in found and not given.get(Field.TITLE):
        found[Field.TEXT] = found.pop(Field.TITLE)
    if Field.TEXT not in found:
        raise BadSettings(f"No column looks like the text of a review. Name it with --map text=COLUMN. {_listed(names)}")
    return found


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 30} more" if len(names) > 30 else ""
    return f"The columns are {', '.join(repr(name[:60]) for name in names[:30])}{more}."


def _checked(given: Mapping[str, str]) -> Mapping[str, str]:
    for field in given:
        if field not in set(Field):
            near = get_close_matches(field, list(Field), n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise BadSettings(f"There is no field {field!r} to map a column to.{hint} There are {', '.join(Field)}.")
    return given


def _positions(field: str, wanted: str, names: Sequence[str]) -> tuple[int, ...]:
    if not wanted:
        return ()
    folded = {name.casefold(): position for position, name in reversed(list(enumerate(names)))}
    parts = [wanted] if wanted.strip().casefold() in folded else wanted.split("+")
    found = []
    for part in parts:
        position = folded.get(" ".join(part.split()).casefold())
        if position is None:
            near = get_close_matches(part.strip(), names, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise BadSettings(f"There is no column {part.strip()!r} for {field}.{hint} {_listed(names)}")
        found.append(position)
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What the cells of a column look like; shares are of the cells that are not blank.

    length  mean characters of a cell
    """

    filled: int
    dates: float
    ratings: float
    unique: float
    links: float
    length: float
    worded: float

    @classmethod
    def at(cls, cells: Iterable[Any]) -> _Look:
        present = [cell for cell in cells if not is_blank(cell)]
        count = max(1, len(present))
        dates, ratings = DateEvidence(), RatingEvidence()
        for cell in present:
            dates.see(cell)
            ratings.see(cell, None)
        words = [str(cell) for cell in present]
        return cls(
            filled=len(present),
            dates=dates.readable / count,
            ratings=ratings.readable / count,
            unique=len(set(words)) / count,
            links=sum(word.startswith(("http://", "https://", "www.")) for word in words) / count,
            length=sum(map(len, words)) / count,
            worded=sum(any(map(str.isalpha, word)) for word in words) / count,
        )

    def fits(self, field: Field) -> bool:
        """Whether cells like these can be the field's; an empty column can be any but the text."""
        if not self.filled:
            return field is not Field.TEXT
        if field in {Field.CREATED_AT, Field.EDITED_AT}:
            return self.dates >= 0.5
        if field is Field.RATING:
            return self.ratings >= 0.5 and self.dates < 0.5
        if field in {Field.TEXT, Field.TITLE}:
            return self.dates < 0.5 and self.worded >= 0.5 and self.links < 0.9
        if field is Field.EXTERNAL_ID:
            return self.unique >= 0.95 and self.length <= 200
        if field is Field.URL:
            return self.links >= 0.5
        if field is Field.REACH:
            return self.worded < 0.5 and self.dates < 0.5
        if field is Field.LANGUAGE:
            return self.length <= 15
        return self.length <= 100 and self.dates < 0.5


def _candidates(names: Sequence[str], looks: Sequence[_Look]) -> Iterable[tuple[float, Field, int]]:
    for position, name in enumerate(names):
        for field, score in _scores(_normal(name)).items():
            look = looks[position]
            if look.fits(field):
                # Where several names would do, people write their opinion in the column with the longest cells.
                yield score + (min(look.length, 300) if field is Field.TEXT else 0), field, position


def _scores(name: str) -> dict[Field, float]:
    """How surely a header names each field: whole names before names that stand inside a longer one."""
    scores: dict[Field, float] = {}
    words = name.split()
    for length in range(len(words), 0, -1):
        for start in range(len(words) - length + 1):
            part = " ".join(words[start : start + length])
            whole = length == len(words)
            for field, rank in _ranks().get(part, {}).items():
                score = 1000 - rank if whole else 300 + 20 * length - rank
                scores[field] = max(score, scores.get(field, 0))
    return scores


def _longest(free: Sequence[int], looks: Sequence[_Look]) -> int | None:
    """The free column with the longest cells, if those are sentences rather than names."""
    best = max(free, key=lambda position: looks[position].length, default=None)
    if best is None or looks[best].length < 20 or not looks[best].fits(Field.TEXT):
        return None
    return best
