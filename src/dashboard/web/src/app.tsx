import { useEffect } from 'preact/hooks';
import { Shell } from './components/Shell';
import { usePlace } from './lib/router';
import { Drill } from './pages/Drill';
import { Explore } from './pages/Explore';
import { Home } from './pages/Home';
import { Lab } from './pages/Lab';
import { Run } from './pages/Run';
import { Runs } from './pages/Runs';
import { Storm } from './pages/Storm';

function Page({ path }: { path: string }) {
  const [, first = '', second] = path.split('/');
  switch (first) {
    case '':
      return <Home />;
    case 'labs':
      return second === undefined ? <Home /> : <Lab key={second} id={second} />;
    case 'explore':
      return <Explore />;
    case 'storm':
      return <Storm />;
    case 'drill':
      return <Drill />;
    case 'runs':
      return second === undefined ? <Runs /> : <Run key={second} id={second} />;
    default:
      return (
        <section>
          <h1>There is no such page</h1>
          <p>
            <a href="/">Go to the labs</a>
          </p>
        </section>
      );
  }
}

const TITLES: Record<string, string> = {
  labs: 'Lab',
  explore: 'Explore',
  storm: 'Storm',
  drill: 'Drill',
  runs: 'Runs',
};

export function App() {
  const { path } = usePlace();
  useEffect(() => {
    const [, first = '', second] = path.split('/');
    const page = TITLES[first];
    const title = [page, second].filter((part) => part !== undefined).join(' ');
    document.title = title === '' ? 'Crashwindow' : `${title} · Crashwindow`;
  }, [path]);
  return (
    <Shell path={path}>
      <Page path={path} />
    </Shell>
  );
}
